import type { QuotaPeriod } from '../options/quota-options.js';

/** One day, one month, … as the clocks of a time zone have it. */
export interface PeriodSpan {
  /** What counts of two processes agree on: the date where it is one. */
  readonly label: string;
  /** Milliseconds since the epoch; infinite for the period `none`. */
  readonly start: number;
  readonly end: number;
}

const ALWAYS: PeriodSpan = { label: '', start: -Infinity, end: Infinity };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** How long a period may last at most, clock changes included: where its end is looked for. */
const REACH = { day: 2 * DAY, month: 33 * DAY } as const;

/**
 * The period that a moment is in. A day and a month begin when the date changes, however long they last: a day with a
 * clock change has 23 or 25 hours, and in some zones none begins at midnight. Of minutes and hours only the beginning is
 * the zone's; they last as long as everywhere.
 */
export class QuotaPeriods {
  /** The last span of each period and zone: nearly every question has the same answer as the one before. */
  private readonly spans = new Map<string, Partial<Record<QuotaPeriod, PeriodSpan>>>();
  private readonly formats = new Map<string, Intl.DateTimeFormat>();

  at(now: number, period: QuotaPeriod, zone: string): PeriodSpan {
    if (period === 'none') return ALWAYS;
    const spans = this.spans.get(zone) ?? {};
    const known = spans[period];
    if (known !== undefined && now >= known.start && now < known.end) return known;
    const span =
      period === 'day' || period === 'month'
        ? this.dated(now, period, zone)
        : this.ticking(now, period, zone);
    this.spans.set(zone, { ...spans, [period]: span });
    return span;
  }

  /** The date of a moment, such as 2030-12-31. */
  date(now: number, zone: string): string {
    return this.at(now, 'day', zone).label;
  }

  private dated(now: number, period: 'day' | 'month', zone: string): PeriodSpan {
    const label = this.label(now, period, zone);
    const isOther = (time: number) => this.label(time, period, zone) !== label;
    return {
      label,
      start: firstFrom(now - REACH[period], now, (time) => !isOther(time)),
      end: firstFrom(now, now + REACH[period], isOther),
    };
  }

  private ticking(now: number, period: 'hour' | 'minute', zone: string): PeriodSpan {
    const { minute, second } = this.parts(now, zone);
    const into = (period === 'hour' ? Number(minute) * 60 : 0) + Number(second);
    const start = Math.floor(now / 1_000 - into) * 1_000;
    const end = start + (period === 'hour' ? HOUR : 60_000);
    return { label: new Date(start).toISOString().slice(0, 16), start, end };
  }

  private label(time: number, period: 'day' | 'month', zone: string): string {
    const { year, month, day } = this.parts(time, zone);
    return period === 'day' ? `${year}-${month}-${day}` : `${year}-${month}`;
  }

  private parts(time: number, zone: string): Readonly<Record<string, string>> {
    let format = this.formats.get(zone);
    if (format === undefined) {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        calendar: 'iso8601',
        hourCycle: 'h23',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        minute: '2-digit',
        second: '2-digit',
      });
      this.formats.set(zone, format);
    }
    return Object.fromEntries(
      format
        .formatToParts(time)
        .map(({ type, value }) => [type, type === 'year' ? value : value.padStart(2, '0')]),
    );
  }
}

/** The first millisecond from which on `holds`, which does not at `before` and does at `after`: by halves. */
function firstFrom(before: number, after: number, holds: (time: number) => boolean): number {
  let [low, high] = [before, after];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
