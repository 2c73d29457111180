import { byCookie } from '../../lib/identify/by-cookie.js';
import { byCustom } from '../../lib/identify/by-custom.js';
import { byDomain } from '../../lib/identify/by-domain.js';
import { byHeader } from '../../lib/identify/by-header.js';
import { byPath } from '../../lib/identify/by-path.js';
import { byQuery } from '../../lib/identify/by-query.js';
import { bySubdomain } from '../../lib/identify/by-subdomain.js';
import {
  InvalidTenantKey,
  type IdentifiableRequest,
  type Identifier,
} from '../../lib/options/identifier.js';
import { TenancyOptionsError } from '../../lib/options/errors.js';
import { resolveOptions } from '../../lib/options/resolve.js';

const UUID = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
const slug = (value: string) => ({ kind: 'slug', value });
const id = (value: string) => ({ kind: 'id', value });
const domain = (value: string) => ({ kind: 'domain', value });
const INVALID = expect.any(InvalidTenantKey);

const request = (more: Partial<IdentifiableRequest>): IdentifiableRequest => ({
  headers: {},
  ...more,
});
const atHost = (hostname: string) => request({ hostname });
const atUrl = (url: string) => request({ url });
const withHeader = (name: string, value: string | string[]) =>
  request({ headers: { [name]: value } });

type Case = [what: string, identifier: Identifier, request: IdentifiableRequest, key: unknown];

const ofApp = bySubdomain({ of: ['app.example.com', 'Example.org:3000'], ignore: ['www', 'API'] });
const path = byPath({ prefix: '/t' });
const header = byHeader({ name: 'X-Tenant', trusted: true });
const query = byQuery({ name: 'tenant', trusted: true });
const cookie = byCookie({ name: 'tenant', trusted: true });

const CASES: Case[] = [
  ['the host', byDomain(), atHost('acme.de'), domain('acme.de')],
  ['the host, normalised', byDomain(), atHost('München.DE:80'), domain('xn--mnchen-3ya.de')],
  ['the Host header', byDomain(), withHeader('host', 'acme.de:3000'), domain('acme.de')],
  [
    'what the framework says before the header',
    byDomain(),
    request({ hostname: 'a.de', headers: { host: 'b.de' } }),
    domain('a.de'),
  ],
  ['no host', byDomain(), request({}), undefined],
  ['an IPv6 host', byDomain(), atHost('[::1]'), undefined],

  ['the label before the host', ofApp, atHost('acme.app.example.com'), slug('acme')],
  ['the label, in any case', ofApp, atHost('ACME.App.Example.com'), slug('acme')],
  ['the label before another host', ofApp, atHost('acme.example.org'), slug('acme')],
  ['the host itself', ofApp, atHost('app.example.com'), undefined],
  ['an ignored label', ofApp, atHost('www.app.example.com'), undefined],
  ['an ignored label, in any case', ofApp, atHost('api.app.example.com'), undefined],
  ['two labels', ofApp, atHost('a.b.app.example.com'), undefined],
  ['a host that ends alike', ofApp, atHost('acme.myapp.example.com'), undefined],
  ['another host', ofApp, atHost('acme.com'), undefined],
  ['www by default', bySubdomain({ of: 'localhost' }), atHost('www.localhost'), undefined],
  [
    'a host of the option that is below another',
    bySubdomain({ of: ['a.com', 'app.a.com'] }),
    atHost('app.a.com'),
    undefined,
  ],
  [
    'a label below the deeper of two hosts',
    bySubdomain({ of: ['a.com', 'app.a.com'] }),
    atHost('acme.app.a.com'),
    slug('acme'),
  ],

  ['the segment after the prefix', path, atUrl('/t/acme/projects?x=1'), slug('acme')],
  ['the last segment', path, atUrl('/t/acme'), slug('acme')],
  ['the segment before a query', path, atUrl('/t/acme?x=/t/globex'), slug('acme')],
  ['an id', path, atUrl(`/t/${UUID.toUpperCase()}/projects`), id(UUID)],
  ['a percent-encoded segment', path, atUrl('/t/%61cme'), slug('acme')],
  ['a segment that is no slug', path, atUrl('/t/ac%2Fme'), INVALID],
  ['a segment that is not UTF-8', path, atUrl('/t/%ff'), INVALID],
  ['no segment', path, atUrl('/t/'), undefined],
  ['no segment and no slash', path, atUrl('/t'), undefined],
  ['a path that starts alike', path, atUrl('/team/acme'), undefined],
  ['another path', path, atUrl('/projects/t/acme'), undefined],
  ['a prefix with a slash', byPath({ prefix: '/api/t/' }), atUrl('/api/t/acme/x'), slug('acme')],
  ['the first segment', byPath({ prefix: '/' }), atUrl('/acme/x'), slug('acme')],
  [
    'the URL before the framework cut it',
    path,
    request({ url: '/projects', originalUrl: '/t/acme/projects' }),
    slug('acme'),
  ],

  ['a header', header, withHeader('x-tenant', 'Acme'), slug('acme')],
  ['a header with an id', header, withHeader('x-tenant', UUID), id(UUID)],
  ['no header', header, request({}), undefined],
  ['an empty header', header, withHeader('x-tenant', ''), undefined],
  ['a header that is no slug', header, withHeader('x-tenant', 'acme.de'), INVALID],
  ['a header that node joined', header, withHeader('x-tenant', 'acme, globex'), INVALID],
  ['a header that node repeats', header, withHeader('x-tenant', ['acme', 'acme']), INVALID],

  ['a parameter', query, atUrl('/x?a=b&tenant=Acme'), slug('acme')],
  ['a parameter with an id', query, atUrl(`/x?tenant=${UUID}`), id(UUID)],
  ['no query', query, atUrl('/x'), undefined],
  ['no such parameter', query, atUrl('/x?tenants=acme'), undefined],
  ['an empty parameter', query, atUrl('/x?tenant='), undefined],
  ['a repeated parameter', query, atUrl('/x?tenant=acme&tenant=acme'), INVALID],
  ['a parameter that is no slug', query, atUrl('/x?tenant=a%20b'), INVALID],

  ['a cookie', cookie, withHeader('cookie', 'a=b; tenant=acme; c=d'), slug('acme')],
  ['a cookie with an id', cookie, withHeader('cookie', `tenant=${UUID}`), id(UUID)],
  ['the first of two cookies', cookie, withHeader('cookie', 'tenant=a; tenant=b'), slug('a')],
  ['no cookies', cookie, request({}), undefined],
  ['no such cookie', cookie, withHeader('cookie', 'a=b'), undefined],
  ['an empty cookie', cookie, withHeader('cookie', 'tenant='), undefined],
  ['a cookie that is no slug', cookie, withHeader('cookie', 'tenant=a/b'), INVALID],
];

const custom = (found: ReturnType<Parameters<typeof byCustom>[0]['identify']>) =>
  byCustom({ name: 'mine', trusted: true, identify: () => found });

const CUSTOM: Case[] = [
  ['a slug', custom('Acme'), request({}), slug('acme')],
  ['an id', custom(UUID), request({}), id(UUID)],
  ['a key', custom({ kind: 'domain', value: 'acme.de' }), request({}), domain('acme.de')],
  ['nothing', custom(undefined), request({}), undefined],
  ['an empty string', custom(''), request({}), undefined],
  ['a string that is no slug', custom('a b'), request({}), INVALID],
  ['a refusal', custom(new InvalidTenantKey('no')), request({}), new InvalidTenantKey('no')],
];

describe('an identifier reads', () => {
  it.each(CASES)('%s', (_what, identifier, from, key) => {
    expect(identifier.identify(from)).toEqual(key);
  });

  it.each(CUSTOM)('%s from a function of the app', (_what, identifier, from, key) => {
    expect(identifier.identify(from)).toEqual(key);
  });

  it('what a function of the app promises', async () => {
    await expect(custom(Promise.resolve('Acme')).identify(request({}))).resolves.toEqual(
      slug('acme'),
    );
  });
});

describe('an identifier says of itself', () => {
  it.each([
    [byDomain(), 'domain', false],
    [bySubdomain({ of: 'localhost' }), 'subdomain', false],
    [path, 'path /t/', false],
    [header, 'header x-tenant', true],
    [query, 'query tenant', true],
    [cookie, 'cookie tenant', true],
    [custom('a'), 'mine', true],
    [byCustom({ name: 'socket', forgeable: false, identify: () => 'a' }), 'socket', false],
  ])('its name and whether it can be forged: $name', (identifier, name, forgeable) => {
    expect(identifier).toMatchObject({ name, forgeable });
  });

  it.each([
    byHeader({ name: 'x-tenant' }),
    byQuery({ name: 'tenant' }),
    byCookie({ name: 'tenant' }),
    byCustom({ name: 'mine', identify: () => 'acme' }),
  ])('that it needs vouching, or the app does not start: $name', (identifier) => {
    expect(() => resolveOptions({ identify: [identifier] }, {})).toThrow(
      `identify[0] (${identifier.name})`,
    );
    const vouched = { ...identifier, authorize: () => true };
    expect(() => resolveOptions({ identify: [vouched] }, {})).not.toThrow();
  });

  it.each([
    () => bySubdomain({ of: 'https://app.example.com' }),
    () => bySubdomain({ of: ['example.com', '*.example.com'] }),
    () => byPath({ prefix: 't' }),
  ])('when it is made of the wrong thing', (make) => {
    expect(make).toThrow(TenancyOptionsError);
  });
});
