/**
 * Values given in several places, as Helm puts them together: later files win, `--set a.b=c` wins over files.
 */
import { EXIT, Failure } from '../failure.ts';

type Tree = Readonly<Record<string, unknown>>;

/** Maps are merged key by key; anything else of `over` replaces what `under` has. */
export function merge(under: Tree, over: Tree): Tree {
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    result[key] = isTree(before) && isTree(value) ? merge(before, value) : value;
  }
  return result;
}

/**
 * `gateway.service.type=LoadBalancer` as a tree. `true`, `false` and whole numbers are what they say; a dot that belongs to a key
 * is written `\.`.
 * @throws Failure when there is no key or no equals sign
 */
export function assign(assignment: string): Tree {
  const equals = assignment.indexOf('=');
  const keys = assignment
    .slice(0, Math.max(equals, 0))
    .split(/(?<!\\)[.]/)
    .map((key) => key.replaceAll('\\.', '.'));
  if (equals < 0 || keys.includes('')) {
    throw new Failure(`--set ${assignment} names no value`, {
      exitCode: EXIT.usage,
      remedy: 'Write it as --set gateway.replicas=3.',
    });
  }
  const value = scalar(assignment.slice(equals + 1));
  return keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Tree;
}

function scalar(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^(0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : text;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
