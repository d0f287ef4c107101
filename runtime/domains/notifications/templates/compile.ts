/**
 * Templates made into functions, once: every name is known, has a type, and stands where its value can be escaped. What is wrong is said
 * with line and column when a template is saved, so that nothing is left to go wrong when it is sent.
 */
import { ShopError } from '../../../platform/errors.ts';
import { escapeHtml } from '../../../platform/html.ts';
import { after, isAddress, leads, sameState, START, type HtmlState } from './context.ts';
import { moment, money, number, type Language, type Money, type MomentStyle } from './format.ts';
import { parse, TemplateFlaw, type Node, type Place } from './parse.ts';
import type { Type } from './types.ts';

/** `line`: one line of plain text, such as a subject. */
export type Form = 'html' | 'text' | 'line';

export interface Template {
  /** @param values what the types were read off, parsed by it */
  render(values: Values, language: Language): string;
}

export type Values = Readonly<Record<string, unknown>>;

const LONGEST = 50_000;
const MOST_ITEMS = 500;

/**
 * @param where names the template in problems: `html` gives `html:3:14`
 * @throws ShopError `invalid_input` that says where and what
 */
export function compile(source: string, form: Form, types: Type, where: string = form): Template {
  try {
    if (source.length > LONGEST)
      throw new TemplateFlaw({ line: 1, column: 1 }, `is longer than ${LONGEST} letters`);
    const writer: Writer = form === 'html' ? htmlWriter() : plainWriter(form);
    const parts = build(parse(source), [types], writer);
    writer.end();
    return {
      render(values, language) {
        const text = parts.map((part) => part([values], language)).join('');
        return form === 'line' ? text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim() : text;
      },
    };
  } catch (error) {
    if (!(error instanceof TemplateFlaw)) throw error;
    const { at, what } = error.flaw;
    throw new ShopError(
      'invalid_input',
      `The template cannot be used: ${where}:${at.line}:${at.column}: ${what}.`,
      {
        problems: [{ where: `${where}:${at.line}:${at.column}`, what }],
        remedy: 'Mend the template there; its variables are listed beside it.',
      },
    );
  }
}

type Part = (scopes: readonly unknown[], language: Language) => string;
type Escape = (text: string) => string;

/** Follows what is written, and says how a value is escaped at this place. */
interface Writer {
  text(text: string, at: Place): void;
  /** @throws TemplateFlaw when no value of the type may stand here */
  value(type: Type, at: Place): Escape;
  /** What has to be the same at the end of a block as at its beginning. */
  state(): HtmlState;
  reset(state: HtmlState): void;
  end(): void;
}

function build(nodes: readonly Node[], scopes: readonly Type[], writer: Writer): Part[] {
  return nodes.map((node): Part => {
    switch (node.kind) {
      case 'text':
        writer.text(node.text, node.at);
        return () => node.text;
      case 'value': {
        const { type, find } = resolve(node.path, scopes, node.at);
        const write = writerOf(type, node.filter, node.path, node.at);
        const escape = writer.value(type, node.at);
        return (values, language) => {
          const value = find(values);
          return value === undefined || value === null ? '' : escape(write(value, language));
        };
      }
      case 'if': {
        const { find } = resolve(node.path, scopes, node.at);
        const before = writer.state();
        const yes = build(node.holds, scopes, writer);
        closes(before, writer, node.at);
        const no = build(node.otherwise, scopes, writer);
        closes(before, writer, node.at);
        return (values, language) =>
          (holds(find(values)) ? yes : no).map((part) => part(values, language)).join('');
      }
      case 'each': {
        const { type, find } = resolve(node.path, scopes, node.at);
        if (type.kind !== 'list')
          throw new TemplateFlaw(node.at, `${node.path.join('.')} is no list but ${article(type)}`);
        const before = writer.state();
        const body = build(node.body, [...scopes, type.of], writer);
        closes(before, writer, node.at);
        return (values, language) => {
          const items = find(values);
          if (!Array.isArray(items)) return '';
          return items
            .slice(0, MOST_ITEMS)
            .map((item: unknown) => body.map((part) => part([...values, item], language)).join(''))
            .join('');
        };
      }
    }
  });
}

/** The innermost scope that knows the name's first part. */
function resolve(
  path: readonly string[],
  scopes: readonly Type[],
  at: Place,
): { readonly type: Type; readonly find: (values: readonly unknown[]) => unknown } {
  const [first = '', ...rest] = path;
  const depth = scopes.findLastIndex((scope) => scope.kind === 'object' && scope.fields.has(first));
  // `this` is an item that has no fields.
  const itself = depth < 0 && first === 'this' && scopes.length > 1;
  let type = scopes[itself ? scopes.length - 1 : Math.max(depth, 0)];
  for (const name of itself ? rest : path) {
    const field = type?.kind === 'object' ? type.fields.get(name) : undefined;
    if (field === undefined) throw new TemplateFlaw(at, unknownName(path, name, type));
    type = field;
  }
  if (type === undefined) throw new TemplateFlaw(at, `${path.join('.')} is unknown`);
  const steps = itself ? rest : path;
  const scope = itself ? scopes.length - 1 : depth;
  return { type, find: (values) => steps.reduce(fieldOf, values[scope]) };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? // It has such a field, just seen.
      (value as Values)[name]
    : undefined;
}

function unknownName(path: readonly string[], name: string, type: Type | undefined): string {
  const known = type?.kind === 'object' ? [...type.fields.keys()].join(', ') : '';
  return `${path.join('.')} is unknown: there is no ${name}${known === '' ? '' : `, but ${known}`}`;
}

const FILTERS: Readonly<Record<string, Type['kind']>> = {
  date: 'moment',
  time: 'moment',
  datetime: 'moment',
};

/** Values have been parsed by the schema that their types were read off; that is why their types are believed here. */
function writerOf(
  type: Type,
  filter: string | undefined,
  path: readonly string[],
  at: Place,
): (value: unknown, language: Language) => string {
  if (filter !== undefined && !Object.hasOwn(FILTERS, filter))
    throw new TemplateFlaw(at, `there is no filter ${filter}, but ${Object.keys(FILTERS).join(', ')}`);
  if (filter !== undefined && FILTERS[filter] !== type.kind)
    throw new TemplateFlaw(at, `${filter} is for a moment, and ${path.join('.')} is ${article(type)}`);
  switch (type.kind) {
    case 'text':
    case 'link':
      return (value) => String(value);
    case 'number':
      return (value, language) => number(value as number, language);
    case 'money':
      return (value, language) => money(value as Money, language);
    case 'moment':
      return (value, language) => moment(value as string, (filter ?? 'date') as MomentStyle, language);
    default:
      throw new TemplateFlaw(at, `${path.join('.')} is ${article(type)}, which cannot be written`);
  }
}

function holds(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function closes(before: HtmlState, writer: Writer, at: Place): void {
  if (!sameState(before, writer.state()))
    throw new TemplateFlaw(at, 'what a block begins in the HTML it must end, as a quote or a tag');
  writer.reset(before);
}

function article({ kind }: Type): string {
  return kind === 'object' ? 'an object' : `a ${kind}`;
}

function plainWriter(form: Form): Writer {
  // A link in plain text is followed as well; and control characters do strange things to terminals and headers.
  const escape: Escape =
    form === 'line'
      ? (text) => text.replaceAll(/\p{Cc}+/gu, ' ')
      : (text) => text.replaceAll(/[^\P{Cc}\n\t]+/gu, ' ');
  return {
    text: () => undefined,
    value: (type) => (type.kind === 'link' ? (text) => (isLink(text) ? text : '') : escape),
    state: () => START,
    reset: () => undefined,
    end: () => undefined,
  };
}

function htmlWriter(): Writer {
  let state: HtmlState = START;
  let last: Place = { line: 1, column: 1 };
  return {
    text(text, at) {
      last = at;
      state = after(state, text, (offset, what) => {
        throw new TemplateFlaw(placeAfter(at, text.slice(0, offset)), what);
      });
    },
    value(type, at) {
      if (state.in === 'text')
        return type.kind === 'link' ? (text) => (isLink(text) ? escapeHtml(text) : '') : escapeHtml;
      if (state.in !== 'value')
        throw new TemplateFlaw(
          at,
          'a value may stand between tags or in a quoted attribute, and nowhere else',
        );
      if (state.attribute === 'style' || state.attribute.startsWith('on'))
        throw new TemplateFlaw(at, `a value may not stand in ${state.attribute}`);
      if (!isAddress(state.attribute)) return escapeHtml;
      if (state.before === '') {
        if (type.kind !== 'link')
          throw new TemplateFlaw(at, `${state.attribute} takes a link, and this is ${article(type)}`);
        state = { ...state, before: 'https://' };
        return (text) => (isLink(text) ? escapeHtml(text) : '');
      }
      if (!leads(state.before))
        throw new TemplateFlaw(
          at,
          `${state.attribute} must be a variable that is a link, or begin with https://`,
        );
      return (text) => escapeHtml(encodeURIComponent(text.toWellFormed()));
    },
    state: () => state,
    reset(before) {
      state = before;
    },
    end() {
      if (state.in !== 'text') throw new TemplateFlaw(last, 'the HTML ends within a tag or a comment');
    },
  };
}

function placeAfter({ line, column }: Place, text: string): Place {
  const lines = text.split('\n');
  const end = lines.at(-1)?.length ?? 0;
  return lines.length === 1
    ? { line, column: column + end }
    : { line: line + lines.length - 1, column: end + 1 };
}

function isLink(text: string): boolean {
  return /^https?:\/\/[^\s<>"']+$/i.test(text);
}
