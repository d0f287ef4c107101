/** The `clientConfig` of webhooks as their configurations state it: defaults, and what makes one valid. */
import { X509Certificate } from 'node:crypto';
import { invalid, required } from '../../schema/cause.ts';
import { isObject } from '../../schema/schema.ts';
import type { Cause } from '../errors.ts';
import { at, defaulted, number, text, type Json } from '../objects.ts';
import { nameCauses } from '../registry/metadata.ts';

const HTTPS_PORT = 443;
const LAST_PORT = 65_535;
const FORM = '; desired format: https://host[/path]';

/** Fills in the port of a Service, in place. */
export function defaultClient(client: Json | undefined): void {
  const service = at(client, 'service');
  if (isObject(service)) defaulted(service, 'port', HTTPS_PORT);
}

/** Causes for which the place of a webhook is refused. */
export function clientCauses(client: Json, path: string): Cause[] {
  const [url, service] = [at(client, 'url'), at(client, 'service')];
  const causes: Cause[] = [];
  if ((url === undefined) === (service === undefined))
    causes.push(required(path, 'exactly one of url or service is required'));
  else if (service === undefined) causes.push(...urlCauses(text(url), `${path}.url`));
  else causes.push(...serviceCauses(service, `${path}.service`));
  return causes;
}

function urlCauses(url: string, path: string): Cause[] {
  if (!URL.canParse(url))
    return url.includes('://')
      ? [required(path, `url must be a valid URL: parse ${JSON.stringify(url)}${FORM}`)]
      : [
          invalid(path, '', `'https' is the only allowed URL scheme${FORM}`),
          invalid(path, '', `host must be specified${FORM}`),
        ];
  const { protocol, host, username, password, hash, search } = new URL(url);
  const scheme = protocol.slice(0, -1);
  const causes: Cause[] = [];
  if (scheme !== 'https') causes.push(invalid(path, scheme, `'https' is the only allowed URL scheme${FORM}`));
  if (host === '') causes.push(invalid(path, '', `host must be specified${FORM}`));
  if (username !== '' || password !== '')
    causes.push(
      invalid(
        path,
        `${username}${password === '' ? '' : `:${password}`}`,
        'user information is not permitted in the URL',
      ),
    );
  if (hash.length > 1) causes.push(invalid(path, hash.slice(1), 'fragments are not permitted in the URL'));
  if (search.length > 1)
    causes.push(invalid(path, search.slice(1), 'query parameters are not permitted in the URL'));
  return causes;
}

function serviceCauses(service: Json, path: string): Cause[] {
  const causes: Cause[] = [];
  for (const name of ['name', 'namespace'])
    if (text(at(service, name)) === '') causes.push(required(`${path}.${name}`));
  const port = number(at(service, 'port')) ?? HTTPS_PORT;
  if (port < 1 || port > LAST_PORT)
    causes.push(invalid(`${path}.port`, port, 'port is not valid: must be between 1 and 65535, inclusive'));
  return [...causes, ...pathCauses(text(at(service, 'path')), `${path}.path`)];
}

function pathCauses(given: string, path: string): Cause[] {
  if (given === '' || given === '/') return [];
  if (given === '//') return [invalid(path, given, 'segment[0] may not be empty')];
  const causes = given.startsWith('/') ? [] : [invalid(path, given, "must start with a '/'")];
  const steps = given.slice(1).replace(/\/$/, '').split('/');
  for (const [index, step] of steps.entries()) {
    if (step === '') causes.push(invalid(path, given, `segment[${index}] may not be empty`));
    else
      for (const { message } of nameCauses(step, 'subdomain', path))
        causes.push(
          invalid(path, given, `segment[${index}]: ${message.replace(/^Invalid value: ".*?": /, '')}`),
        );
  }
  return causes;
}

/** Causes for which the certificates of an authority are refused. */
export function bundleCauses(client: Json | undefined, path: string): Cause[] {
  const bundle = text(at(client, 'caBundle'));
  const bytes = Buffer.from(bundle, 'base64');
  // Blank counts as none.
  if (bytes.toString().trim() === '') return [];
  try {
    void new X509Certificate(bytes);
    return [];
  } catch {
    return [invalid(path, bundle, 'unable to load root certificates: unable to parse bytes as PEM block')];
  }
}
