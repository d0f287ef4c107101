/**
 * The logins of a scope (the pool, or a dedicated tenant) and their rotation. Where it stands is in the Secret that Pods read
 * their login from, and is written down before it is done: `next` is a password that systems are told of and no Pod knows;
 * then it is current and the one before is `former`, valid until no Pod uses it. Every system's login comes from the password.
 */
import { createHash } from 'node:crypto';
import { loginFor } from '../provisioners/postgres/logins.ts';
import type { Login } from '../provisioners/system.ts';

export interface Credentials {
  /** What Pods enter with that start now. */
  readonly current: Login;
  /** A rotation has begun: systems are to learn this one. Never beside `former`. */
  readonly next?: Login;
  /** A rotation is not over: some Pods may still use this one. */
  readonly former?: Login;
  /** Since when no Pod that is to stay uses `former`, ISO 8601: those that end do so for a while. */
  readonly unusedSince?: string;
  /** Since when `current` is, ISO 8601. */
  readonly since: string;
  /** The request (`shopmind.ai/rotate-at`) that was answered last. */
  readonly request: string;
}

/** What decides whether something is to be done. */
export interface Circumstances {
  /** Value of the annotation; empty without one. */
  readonly request: string;
  /** How old a login may become, ms; Infinity: as old as it likes. */
  readonly maxAgeMs: number;
  /** How long former logins stay once they are unused, so that Pods that were told to end do so in peace, ms. */
  readonly graceMs: number;
  readonly now: Date;
  /** False while the tenant is on the move: what has begun goes on, nothing begins. */
  readonly mayBegin: boolean;
  /** Whether every Pod there is enters with `current`. */
  readonly isRolledOut: boolean;
  readonly generate: () => string;
}

/** Of a scope that has none yet. */
export function firstCredentials(
  role: string,
  { request, now, generate }: Pick<Circumstances, 'request' | 'now' | 'generate'>,
): Credentials {
  return { current: loginFor(role, generate()), since: now.toISOString(), request };
}

/** What is to be written down now, from what was; the same when there is nothing to do. */
export function advance(role: string, known: Credentials, circumstances: Circumstances): Credentials {
  const { request, maxAgeMs, graceMs, now, mayBegin, isRolledOut, generate } = circumstances;
  const ageMs = now.getTime() - new Date(known.since).getTime();
  if (known.next !== undefined) return known;
  if (known.former !== undefined) {
    const { unusedSince, ...rest } = known;
    if (!isRolledOut) return unusedSince === undefined ? known : rest;
    if (unusedSince === undefined) return { ...known, unusedSince: now.toISOString() };
    if (now.getTime() - new Date(unusedSince).getTime() < graceMs) return known;
    const { former: _, ...alone } = rest;
    return alone;
  }
  // A role that logs in itself is from before logins had names of their own.
  const isDue = request !== known.request || ageMs >= maxAgeMs || known.current.user === role;
  return isDue && mayBegin ? { ...known, next: loginFor(role, generate()), request } : known;
}

/** Every system knows `next`: Pods that start from now on enter with it. */
export function promote(known: Credentials, now: Date): Credentials {
  if (known.next === undefined) return known;
  const { next, current, request } = known;
  return { current: next, former: current, since: now.toISOString(), request };
}

/** Every login that is valid, newest first. */
export function loginsOf({ next, current, former }: Credentials): readonly Login[] {
  return [next, current, former].filter((login) => login !== undefined);
}

/** How long until something may have to be done by itself, ms; Infinity: nothing will. */
export function dueInMs(
  known: Credentials,
  { now, maxAgeMs, graceMs }: Pick<Circumstances, 'now' | 'maxAgeMs' | 'graceMs'>,
): number {
  const sinceMs = (time: string): number => now.getTime() - new Date(time).getTime();
  if (known.next !== undefined) return 0;
  if (known.former !== undefined) {
    // Pods that are late are looked at now and then.
    const leftMs = known.unusedSince === undefined ? 0 : graceMs - sinceMs(known.unusedSince);
    return Math.max(leftMs, LOOK_AGAIN_MS);
  }
  return Math.max(maxAgeMs - sinceMs(known.since), 0);
}

/** Where the logins are good; addresses without one. */
export interface DatabaseAddresses {
  readonly databaseUrl: string;
  /** A standby knows the same logins. */
  readonly databaseReplicaUrl: string | undefined;
  /** A pooler asks the database who they are. */
  readonly databasePoolerUrl: string | undefined;
}

/** The part of the Secret's values that holds them. */
export function valuesOfCredentials(
  known: Credentials,
  { databaseUrl: base, databaseReplicaUrl: replica, databasePoolerUrl: pooler }: DatabaseAddresses,
): Readonly<Record<string, string>> {
  const { current, next, former, unusedSince, since, request } = known;
  return {
    DATABASE_URL: addressWith(base, current),
    ...(replica === undefined ? {} : { DATABASE_REPLICA_URL: addressWith(replica, current) }),
    ...(pooler === undefined ? {} : { DATABASE_POOLER_URL: addressWith(pooler, current) }),
    ...(next === undefined ? {} : { [NEXT]: addressWith(base, next) }),
    ...(former === undefined ? {} : { [FORMER]: addressWith(base, former) }),
    ...(unusedSince === undefined ? {} : { [UNUSED_SINCE]: unusedSince }),
    [SINCE]: since,
    [REQUEST]: request,
  };
}

/** @returns undefined where the Secret's values hold none */
export function credentialsIn(values: Readonly<Record<string, string>> | undefined): Credentials | undefined {
  const current = loginIn(values?.['DATABASE_URL']);
  if (current === undefined) return undefined;
  const next = loginIn(values?.[NEXT]);
  const former = loginIn(values?.[FORMER]);
  const unusedSince = values?.[UNUSED_SINCE];
  return {
    current,
    ...(next === undefined ? {} : { next }),
    ...(former === undefined ? {} : { former }),
    ...(unusedSince === undefined ? {} : { unusedSince }),
    since: values?.[SINCE] ?? new Date(0).toISOString(),
    request: values?.[REQUEST] ?? '',
  };
}

/** Changes when a Pod must be started anew to see what its Secret has become; not when only a rotation's bookkeeping has. */
export function secretRevision(values: Readonly<Record<string, string>>): string {
  const seen = Object.entries(values)
    .filter(([key]) => !BOOKKEEPING.includes(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(seen)).digest('hex').slice(0, 16);
}

/** No Pod is handed these keys of the Secret. */
const NEXT = 'NEXT_DATABASE_URL';
const FORMER = 'FORMER_DATABASE_URL';
const SINCE = 'CREDENTIALS_SINCE';
const UNUSED_SINCE = 'FORMER_UNUSED_SINCE';
const REQUEST = 'ROTATION_REQUEST';
const BOOKKEEPING: readonly string[] = [NEXT, FORMER, UNUSED_SINCE, SINCE, REQUEST];
const LOOK_AGAIN_MS = 5_000;

/** @param base address whose login, if it has one, is replaced */
export function addressWith(base: string, { user, password }: Login): string {
  const url = new URL(base);
  url.username = user;
  url.password = password;
  return url.href;
}

function loginIn(address: string | undefined): Login | undefined {
  if (address === undefined || !URL.canParse(address)) return undefined;
  const { username, password } = new URL(address);
  if (username === '' || password === '') return undefined;
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
}
