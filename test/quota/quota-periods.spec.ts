import { QuotaPeriods } from '../../lib/quota/quota-periods.js';

const at = (time: string) => Date.parse(time);
const iso = (time: number) => new Date(time).toISOString().replace('.000Z', 'Z');

/** `label: start to end` */
function spanOf(time: string, period: 'minute' | 'hour' | 'day' | 'month', zone: string): string {
  const { label, start, end } = new QuotaPeriods().at(at(time), period, zone);
  return `${label}: ${iso(start)} to ${iso(end)}`;
}

it.each([
  ['UTC', '2030-05-06: 2030-05-06T00:00:00Z to 2030-05-07T00:00:00Z'],
  ['Asia/Tokyo', '2030-05-07: 2030-05-06T15:00:00Z to 2030-05-07T15:00:00Z'],
  ['America/Los_Angeles', '2030-05-06: 2030-05-06T07:00:00Z to 2030-05-07T07:00:00Z'],
  ['Asia/Kathmandu', '2030-05-06: 2030-05-05T18:15:00Z to 2030-05-06T18:15:00Z'],
])('a day in %s', (zone, span) => {
  expect(spanOf('2030-05-06T17:00:00Z', 'day', zone)).toBe(span);
});

it.each([
  [
    'of 23 hours',
    'Europe/Berlin',
    '2030-03-31T12:00:00Z',
    '2030-03-30T23:00:00Z',
    '2030-03-31T22:00:00Z',
  ],
  [
    'of 25 hours',
    'Europe/Berlin',
    '2030-10-27T00:30:00Z',
    '2030-10-26T22:00:00Z',
    '2030-10-27T23:00:00Z',
  ],
  [
    'of 25 hours, in its second 2 o’clock',
    'Europe/Berlin',
    '2030-10-27T01:30:00Z',
    '2030-10-26T22:00:00Z',
    '2030-10-27T23:00:00Z',
  ],
  [
    'that begins at 1 o’clock',
    'Asia/Beirut',
    '2030-03-31T09:00:00Z',
    '2030-03-30T22:00:00Z',
    '2030-03-31T21:00:00Z',
  ],
  [
    'with two midnights, in its first hour',
    'America/Havana',
    '2030-11-03T04:30:00Z',
    '2030-11-03T04:00:00Z',
    '2030-11-04T05:00:00Z',
  ],
  [
    'with two midnights, later',
    'America/Havana',
    '2030-11-03T20:00:00Z',
    '2030-11-03T04:00:00Z',
    '2030-11-04T05:00:00Z',
  ],
  [
    'whose last hour comes twice',
    'America/Sao_Paulo',
    '2018-02-18T02:30:00Z',
    '2018-02-17T02:00:00Z',
    '2018-02-18T03:00:00Z',
  ],
])('a day %s (%s)', (_what, zone, time, start, end) => {
  const span = new QuotaPeriods().at(at(time), 'day', zone);
  expect([iso(span.start), iso(span.end)]).toEqual([start, end]);
});

it.each([
  ['UTC', '2030-12', '2030-12-01T00:00:00Z', '2031-01-01T00:00:00Z'],
  ['Pacific/Auckland', '2031-01', '2030-12-31T11:00:00Z', '2031-01-31T11:00:00Z'],
  ['America/New_York', '2030-12', '2030-12-01T05:00:00Z', '2031-01-01T05:00:00Z'],
])('a month in %s', (zone, label, start, end) => {
  expect(spanOf('2030-12-31T20:00:00Z', 'month', zone)).toBe(`${label}: ${start} to ${end}`);
});

it('a month with a clock change', () => {
  expect(spanOf('2030-10-15T00:00:00Z', 'month', 'Europe/Berlin')).toBe(
    '2030-10: 2030-09-30T22:00:00Z to 2030-10-31T23:00:00Z',
  );
});

it.each([
  ['hour', 'UTC', '2030-05-06T17:00: 2030-05-06T17:00:00Z to 2030-05-06T18:00:00Z'],
  ['hour', 'Asia/Kolkata', '2030-05-06T17:30: 2030-05-06T17:30:00Z to 2030-05-06T18:30:00Z'],
  ['minute', 'Asia/Kolkata', '2030-05-06T17:45: 2030-05-06T17:45:00Z to 2030-05-06T17:46:00Z'],
] as const)('a(n) %s in %s', (period, zone, span) => {
  expect(spanOf('2030-05-06T17:45:30.250Z', period, zone)).toBe(span);
});

it('the hour that comes twice is two', () => {
  const labels = ['2030-10-27T00:30:00Z', '2030-10-27T01:30:00Z'].map((time) =>
    new QuotaPeriods().at(at(time), 'hour', 'Europe/Berlin'),
  );
  expect(new Set(labels.map(({ label }) => label)).size).toBe(2);
});

it('every millisecond around a change is in the period that it belongs to', () => {
  const periods = new QuotaPeriods();
  const midnight = at('2030-10-27T23:00:00Z');
  const labels = [-1, 0, 1, -1].map(
    (offset) => periods.at(midnight + offset, 'day', 'Europe/Berlin').label,
  );
  expect(labels).toEqual(['2030-10-27', '2030-10-28', '2030-10-28', '2030-10-27']);
});
