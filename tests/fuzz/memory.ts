/**
 * What answers have said, for later requests to say again: ids, tokens, cursors, handles. Names lead from one to the other as they do for
 * people: the `id` of what stands under `variants` is a `variantId`, and so is what `/variants/{id}` asks for. What came in one answer is
 * kept together, because an order's token opens that order alone.
 */
import type { Random } from './random.ts';
import { isObject } from './values.ts';

export type Known = string | number;

export interface Memory {
  /** @param path of the operation that answered, with its `{parameters}` */
  learn(path: string, answer: unknown): void;
  /** What was said in one answer that knows as many of the names as can be had. */
  recall(names: readonly string[], random: Random): ReadonlyMap<string, Known>;
  /** Any value of that name, or undefined. */
  any(name: string, random: Random): Known | undefined;
  /** Any id with that prefix: `ord` of `ord_0123…`. */
  anyId(prefix: string, random: Random): string | undefined;
}

/** Answers that are remembered for each name. */
const MOST = 60;
/** Members of a list that are looked at. */
const DEEP = 12;

export function createMemory(): Memory {
  const answers = new Map<string, Map<string, Known>[]>();
  const ids = new Map<string, string[]>();

  const keep = <T>(index: Map<string, T[]>, name: string, value: T): void => {
    const list = index.get(name) ?? [];
    list.push(value);
    if (list.length > MOST) list.shift();
    index.set(name, list);
  };

  return {
    learn(path, answer) {
      for (const said of sayingsOf(thingOf(path), answer)) {
        for (const [name, value] of said) {
          keep(answers, name, said);
          const prefix = typeof value === 'string' ? ID.exec(value)?.[1] : undefined;
          if (prefix !== undefined) keep(ids, prefix, String(value));
        }
      }
    },
    recall(names, random) {
      const candidates = names.flatMap((name) => {
        const list = answers.get(name) ?? [];
        return list.length === 0 ? [] : [random.pick(list), random.pick(list), list.at(-1)];
      });
      const score = (said: ReadonlyMap<string, Known>): number =>
        names.filter((name) => said.has(name)).length;
      let best: ReadonlyMap<string, Known> = new Map();
      for (const said of candidates) if (said !== undefined && score(said) > score(best)) best = said;
      return best;
    },
    any(name, random) {
      const list = answers.get(name) ?? [];
      return list.length === 0 ? undefined : random.pick(list).get(name);
    },
    anyId(prefix, random) {
      const list = ids.get(prefix) ?? [];
      return list.length === 0 ? undefined : random.pick(list);
    },
  };
}

const ID = /^([a-z]{2,5})_[0-9a-zA-Z_-]{16,}$/;

/** What `{id}` after this segment, or the `id` of this answer, is the id of: `/api/orders/carts/{cartId}/lines` tells of lines. */
export function thingOf(path: string): string {
  const words = path.split('/').filter((segment) => segment !== '' && !segment.startsWith('{'));
  return singular(words.at(-1) ?? '');
}

/** How a parameter of a path is called elsewhere: `/assets/{id}` asks for an `assetId`. */
export function namesOfParameter(path: string, parameter: string): readonly string[] {
  const before = path.slice(0, path.indexOf(`{${parameter}}`));
  return [qualified(thingOf(before), parameter), parameter];
}

/** One map for the answer's own words, with those of what lies in it; and one for each member of its lists. */
function sayingsOf(thing: string, answer: unknown): Map<string, Known>[] {
  const top = new Map<string, Known>();
  const all = [top];
  const visit = (value: unknown, kind: string, into: Map<string, Known>, depth: number): void => {
    if (depth > 6) return;
    if (Array.isArray(value)) {
      for (const item of value.slice(0, DEEP)) {
        if (isKnown(item)) top.set(singular(kind), item);
        const own = new Map(into);
        all.push(own);
        visit(item, singular(kind), own, depth + 1);
        // The first of a list stands for it among the words of the whole.
        for (const [name, said] of own) if (!into.has(name)) into.set(name, said);
      }
      return;
    }
    if (!isObject(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      if (isKnown(inner)) {
        into.set(qualified(kind, name), inner);
        if (!into.has(name) || depth === 0) into.set(name, inner);
        if (typeof inner === 'string') for (const [hidden, found] of hiddenIn(inner)) into.set(hidden, found);
      } else visit(inner, name, into, depth + 1);
    }
  };
  visit(answer, thing, top, 0);
  return all;
}

/** What people would read out of a message: parameters of its links, tokens of pages, and codes of six digits. */
function hiddenIn(text: string): [string, string][] {
  const links = [
    ...text.matchAll(/[?&#]([a-z]{2,20})=([\w.~%-]{4,400})/gi),
    ...text.matchAll(/\/pages\/([a-z-]{2,20})#([\w-]{20,200})/g),
  ].map(([, name = '', value = '']): [string, string] => [name, value]);
  const code = /(?<!\d)\d{6}(?!\d)/.exec(text)?.[0];
  return code === undefined || text.length > 2_000 ? links : [...links, ['code', code]];
}

function isKnown(value: unknown): value is Known {
  return (typeof value === 'string' && value !== '' && value.length <= 600) || Number.isSafeInteger(value);
}

function qualified(thing: string, name: string): string {
  if (name.startsWith(thing) && name.length > thing.length) return name;
  return thing === '' ? name : `${thing}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function singular(word: string): string {
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (word.endsWith('sses')) return word.slice(0, -2);
  return word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}
