import { TenantHeader, type OutgoingTenantOptions } from './tenant-header.js';

/** What is needed of a request's configuration. */
interface RequestConfig {
  readonly url?: string;
  readonly baseURL?: string;
  maxRedirects?: number;
  fetchOptions?: object;
  readonly headers: { set(name: string, value: string): unknown };
}

/** What is needed of an Axios instance: that of `HttpService.axiosRef`, for one. */
export interface AxiosLike<Config extends RequestConfig = RequestConfig> {
  getUri(config: Pick<RequestConfig, 'url' | 'baseURL'>): string;
  readonly interceptors: {
    readonly request: { use(before: (config: Config) => Config | Promise<Config>): number };
  };
}

/**
 * Has an Axios instance tell listed hosts the tenant, in a header; `@nestjs/axios` has one in `HttpService.axiosRef`:
 * its module's own with `HttpModule.register({})`, the one that all of the process shares with `HttpModule` alone.
 * Axios itself is never loaded by this package.
 *
 * A request that carries the header follows no redirect, because that could lead the header to anybody: the redirect is
 * the answer, which Axios throws unless `validateStatus` takes it.
 *
 * ```ts
 * tellTenant(this.http.axiosRef, { hosts: ['billing.internal'] });
 * ```
 *
 * @returns the number of the interceptor, for `axios.interceptors.request.eject`
 * @throws OutgoingHostInvalidError
 */
export function tellTenant<Config extends RequestConfig>(
  axios: AxiosLike<Config>,
  options: OutgoingTenantOptions,
): number {
  const header = new TenantHeader(options);
  return axios.interceptors.request.use((config) => {
    const uri = axios.getUri(config);
    // What is relative to nothing goes to the machine itself.
    const value = header.valueFor(new URL(uri, 'http://localhost'));
    if (value === undefined) return config;
    config.headers.set(header.name, value);
    config.maxRedirects = 0;
    // The adapter that goes by `fetch` has not always looked at that.
    config.fetchOptions = { ...config.fetchOptions, redirect: 'manual' };
    return config;
  });
}
