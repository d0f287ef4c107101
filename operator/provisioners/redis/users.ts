/** Users of a Redis server: what a scope's may do, what a server says of them, and what has to change. Pure. */
import { createHash } from 'node:crypto';
import { scopePrefix } from '../../../runtime/platform/names/index.ts';
import { userPrefix } from '../logins.ts';
import type { Login } from '../system.ts';

export interface RedisUser {
  readonly name: string;
  readonly enabled: boolean;
  /** SHA-256 of each, in hex. */
  readonly passwords: readonly string[];
  /** Everything else, in the words of ACL SETUSER, sorted. */
  readonly rules: readonly string[];
}

export interface UserAction {
  /** As people read it, without secrets. */
  readonly text: string;
  /** Arguments of ACL. */
  readonly command: readonly string[];
}

/** What cache, pub/sub and rate limits of the runtime ask, and what its client asks to find its way in a cluster. */
const COMMANDS = [
  '-@all',
  '+get',
  '+set',
  '+exists',
  '+unlink',
  '+eval',
  '+time',
  '+spublish',
  '+ssubscribe',
  '+sunsubscribe',
  '+ping',
  '+info',
  '+cluster|slots',
  '+cluster|shards',
  '+cluster|nodes',
  '+cluster|info',
] as const;

/** The user of a login: the keys and channels of its scope, and no other's. */
export function desiredUser(scope: string, { user, password }: Login): RedisUser {
  return {
    name: user,
    enabled: true,
    passwords: [createHash('sha256').update(password).digest('hex')],
    rules: [`~${scopePrefix(scope)}*`, `&${scopePrefix(scope)}*`, ...COMMANDS].toSorted(),
  };
}

/** One line of ACL LIST: `user NAME on sanitize-payload #hash ~pattern &pattern -@all +get`; `resetchannels` only says that what follows is all. */
export function parseUser(line: string): RedisUser {
  const [, name = '', ...words] = line.split(' ');
  const rules = words.filter(
    (word) => !/^(on|off|#.*|sanitize-payload|skip-sanitize-payload|nopass|resetchannels)$/.test(word),
  );
  return {
    name,
    // Somebody who enters without a password is not who was made.
    enabled: words.includes('on') && !words.includes('nopass'),
    passwords: words.filter((word) => word.startsWith('#')).map((word) => word.slice(1)),
    rules: rules.toSorted(),
  };
}

/**
 * What one server lacks of a scope's users, and has too much.
 * @param observed all users of the server
 * @param server as people read it
 */
export function planUsers(
  scope: string,
  desired: readonly RedisUser[],
  observed: readonly RedisUser[],
  server: string,
): readonly UserAction[] {
  const present = new Map(observed.map((user) => [user.name, user]));
  const wanted = new Set(desired.map(({ name }) => name));
  const made = desired.flatMap((user): UserAction[] => {
    const known = present.get(user.name);
    if (known !== undefined && isSame(known, user)) return [];
    const verb = known === undefined ? 'CREATE' : 'ALTER';
    return [{ text: `${verb} USER ${user.name} ON ${server}`, command: settingOf(user) }];
  });
  const dropped = observed
    .filter(({ name }) => name.startsWith(userPrefix(scope)) && !wanted.has(name))
    .map(({ name }) => ({ text: `DROP USER ${name} ON ${server}`, command: ['DELUSER', name] }));
  return [...made, ...dropped];
}

/** One command sets all of it, so that nobody is ever in between. */
function settingOf({ name, passwords, rules }: RedisUser): readonly string[] {
  const permissions = [
    ...rules.filter((rule) => /^[~&]/.test(rule)),
    // Takes all away before it gives some.
    ...rules.filter((rule) => rule.startsWith('-')),
    ...rules.filter((rule) => rule.startsWith('+')),
  ];
  return ['SETUSER', name, 'reset', 'on', ...passwords.map((hash) => `#${hash}`), ...permissions];
}

function isSame(one: RedisUser, other: RedisUser): boolean {
  return (
    one.enabled === other.enabled &&
    one.passwords.toSorted().join() === other.passwords.toSorted().join() &&
    one.rules.join(' ') === other.rules.join(' ')
  );
}
