/**
 * Where CSVs and pictures come from: below SOURCES_URL, or https on the public internet.
 * A merchant names these addresses, so neither our own network nor the rest of the disk may be reachable through them.
 */
import { lookup } from 'node:dns';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { pipeline, Transform, type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ShopError } from '../../platform/errors.ts';
import { isPublic } from '../../platform/outside/addresses.ts';
import type { TenantId } from '../../platform/ports.ts';

export interface Sources {
  /**
   * The absolute URL of a source as the merchant wrote it: https, or a path below the tenant's own folder of the sources,
   * so that no shop reads another's catalogue. Throws ShopError `invalid_input`.
   */
  resolve(tenant: TenantId, source: string, base?: URL): URL;
  /** Throws ShopError `invalid_input` when it is not there, not allowed or too large. */
  open(url: URL, maxBytes: number): Promise<Readable>;
}

const TIMEOUT_MS = 20_000;
const MOST_REDIRECTS = 3;

/** `root` is SOURCES_URL: relative sources lie below it, and may not climb out. */
export function createSources(root: string | undefined): Sources {
  const base = root === undefined ? undefined : new URL(root.endsWith('/') ? root : `${root}/`);

  const isBelowRoot = (url: URL, folder = '') =>
    base !== undefined &&
    url.protocol === base.protocol &&
    url.host === base.host &&
    url.pathname.startsWith(`${base.pathname}${folder}`);

  return {
    resolve(tenant, source, from = base) {
      const absolute = /^[a-z][a-z0-9+.-]*:/i.test(source);
      if (!absolute && from === undefined)
        throw refused(
          source,
          'is relative, and this CSV was sent without a place of its own',
          'Use an https:// address.',
        );
      if (!URL.canParse(source, from?.href))
        throw refused(source, 'is no address', 'Use an https:// address, or a path below the sources.');
      const url = new URL(source, from);
      if (isBelowRoot(url, `${tenant}/`) && !/%2f|%5c|%00/i.test(url.pathname)) return url;
      if (url.protocol === 'https:' && !isBelowRoot(url) && url.username === '' && url.password === '')
        return url;
      throw refused(
        source,
        "lies outside this shop's sources",
        `Use an https:// address, or a path that begins with ${tenant}/.`,
      );
    },
    async open(url, maxBytes) {
      if (url.protocol !== 'file:') return openHttps(url, maxBytes, isBelowRoot(url), MOST_REDIRECTS);
      if (!base) throw refused(url.pathname, 'lies outside the sources', 'Set SOURCES_URL.');
      return openFile(url, base, maxBytes);
    },
  };
}

async function openFile(url: URL, base: URL, maxBytes: number): Promise<Readable> {
  const name = decodeURIComponent(url.pathname.slice(base.pathname.length));
  let path: string;
  try {
    const folder = await realpath(fileURLToPath(base));
    path = await realpath(fileURLToPath(url));
    // A link may point anywhere.
    if (!path.startsWith(`${folder}/`))
      throw refused(name, 'lies outside the sources', 'Copy the file instead of linking it.');
    const { size } = await stat(path);
    if (size > maxBytes) throw tooLarge(name, maxBytes);
  } catch (error) {
    if (error instanceof ShopError) throw error;
    throw new ShopError('invalid_input', `“${name}” cannot be read.`, {
      cause: error,
      remedy: 'Check its name and that it is there.',
    });
  }
  return createReadStream(path);
}

async function openHttps(url: URL, maxBytes: number, trusted: boolean, redirects: number): Promise<Readable> {
  if (url.protocol !== 'https:') throw refused(url.href, 'is not https', 'Use an https:// address.');
  const answer = await get(url, trusted);
  const status = answer.statusCode ?? 0;
  const location = answer.headers.location;
  if (
    status >= 300 &&
    status < 400 &&
    location !== undefined &&
    redirects > 0 &&
    URL.canParse(location, url.href)
  ) {
    answer.resume();
    return openHttps(new URL(location, url), maxBytes, false, redirects - 1);
  }
  if (status !== 200) {
    answer.resume();
    throw refused(url.href, `answers ${status}`, 'Check the address.');
  }
  if (Number(answer.headers['content-length'] ?? 0) > maxBytes) {
    answer.destroy();
    throw tooLarge(url.href, maxBytes);
  }
  return atMost(answer, maxBytes, () => tooLarge(url.href, maxBytes));
}

/** The same bytes, and an error instead of more than so many: not every server says how much it is about to send. */
export function atMost(source: Readable, maxBytes: number, refusal: () => Error): Readable {
  let size = 0;
  const passing = new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.length;
      if (size > maxBytes) done(refusal());
      else done(null, chunk);
    },
  });
  // Each ends the other; what went wrong is the reader's to hear.
  pipeline(source, passing, () => {});
  return passing;
}

function get(url: URL, trusted: boolean): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!trusted && isIP(host) !== 0 && !isPublic(host))
    throw refused(url.href, 'is not on the public internet', 'Use a public address.');
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { lookup: trusted ? lookup : publicLookup, timeout: TIMEOUT_MS, headers: { 'user-agent': 'shopmind' } },
      resolve,
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    outgoing.once('error', (error) =>
      reject(
        new ShopError('invalid_input', `“${url.href}” cannot be read: ${error.message}`, {
          cause: error,
          remedy: 'Check the address.',
        }),
      ),
    );
    outgoing.end();
  });
}

/** Checks the very address that is connected to: a name may answer differently the second time. */
const publicLookup: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, '', 0);
    const inner = addresses.find(({ address }) => !isPublic(address));
    const [first] = addresses;
    if (inner || !first) return done(new Error('it is not on the public internet'), '', 0);
    if (options.all) return done(null, addresses);
    done(null, first.address, first.family);
  });
};

function tooLarge(source: string, maxBytes: number): ShopError {
  return refused(source, `is larger than ${maxBytes} bytes`, 'Make it smaller.');
}

function refused(source: string, what: string, remedy: string): ShopError {
  return new ShopError('invalid_input', `“${source.slice(0, 300)}” ${what}.`, { remedy });
}
