/** The template engine: what is refused with line and column, what is escaped, and the law that no value becomes markup. */
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { ShopError } from '../../../platform/errors.ts';
import { CHANNELS, KIND_NAMES, KINDS } from '../kinds.ts';
import { builtIn, LANGUAGES } from '../words/index.ts';
import { compile, type Form } from './compile.ts';
import { chainOf, compileSource, render, variablesOf } from './store.ts';
import { typeOf } from './types.ts';

const TYPES = typeOf(
  z.object({
    name: z.string(),
    count: z.int(),
    total: z.object({ amount: z.int(), currency: z.string() }),
    at: z.iso.datetime(),
    link: z.url(),
    tags: z.array(z.string()),
    lines: z.array(
      z.object({ name: z.string(), total: z.object({ amount: z.int(), currency: z.string() }) }),
    ),
    gift: z.boolean().optional(),
  }),
);
const VALUES = {
  name: 'Ada',
  count: 12_345,
  total: { amount: 123_456, currency: 'EUR' },
  at: '2026-03-01T23:30:00.000Z',
  link: 'https://shop.example/orders/1?a=b&c=d',
  tags: ['new', 'red'],
  lines: [{ name: 'Boots', total: { amount: 1_000, currency: 'JPY' } }],
};
const EN = { locale: 'en', zone: 'UTC' };
const made = (source: string, form: Form = 'text', values: object = {}, language = EN): string =>
  compile(source, form, TYPES)
    .render({ ...VALUES, ...values }, language)
    .replaceAll(/[\u00a0\u202f]/g, ' ');

function flawIn(source: string, form: Form): string {
  try {
    compile(source, form, TYPES);
  } catch (error) {
    assert.ok(error instanceof ShopError && error.code === 'invalid_input');
    const [problem] = error.problems;
    return `${problem?.where} ${problem?.what}`;
  }
  return 'none';
}

test('values are written as their type and the language want it', () => {
  assert.equal(made('{{name}} {{count}} {{total}} {{at}}'), 'Ada 12,345 €1,234.56 March 1, 2026');
  const german = { locale: 'de', zone: 'Europe/Berlin' };
  assert.equal(
    made('{{count}} {{total}} {{at | datetime}}', 'text', {}, german),
    '12.345 1.234,56 € 2. März 2026 um 00:30',
  );
  assert.equal(
    made('{{#each lines}}{{name}}: {{total}}{{/each}}', 'text', {}, { locale: 'ja', zone: 'UTC' }),
    'Boots: ¥1,000'.replace('¥', '￥'),
  );
});

test('blocks show what is there: the inner name first, the outer where the inner has none', () => {
  assert.equal(made('{{#each lines}}{{name}} of {{count}}{{/each}}'), 'Boots of 12,345');
  assert.equal(made('{{#each tags}}[{{this}}]{{/each}}'), '[new][red]');
  assert.equal(made('{{#if gift}}yes{{else}}no{{/if}}{{#if tags}}!{{/if}}'), 'no!');
  assert.equal(made('{{#if gift}}yes{{else}}no{{/if}}', 'text', { gift: true }), 'yes');
});

suite('what is wrong is said with line and column', () => {
  const FLAWS: readonly (readonly [source: string, form: Form, flaw: RegExp])[] = [
    ['Hello\n  {{nmae}}', 'text', /^text:2:3 nmae is unknown: there is no nmae, but name, count/],
    ['{{total.sum}}', 'text', /^text:1:1 total.sum is unknown/],
    ['{{#each name}}{{/each}}', 'text', /^text:1:1 name is no list but a text/],
    ['{{lines}}', 'text', /^text:1:1 lines is a list, which cannot be written/],
    ['{{name | date}}', 'text', /^text:1:1 date is for a moment, and name is a text/],
    ['{{at | upper}}', 'text', /^text:1:1 there is no filter upper/],
    ['{{#if name}}a', 'text', /^text:1:1 \{\{#if …\}\} is not closed/],
    ['a{{/if}}', 'text', /^text:1:2 .* closes nothing/],
    ['{{else}}', 'text', /belongs to no/],
    ['a {{name', 'text', /^text:1:3 \{\{ belongs to nothing/],
    ['{{constructor}}', 'text', /unknown/],
    ['{{__proto__}}', 'text', /is no name/],
    ['<p title={{name}}>', 'html', /^html:1:10 a value may stand between tags or in a quoted attribute/],
    ['<p\n {{name}}>', 'html', /^html:2:2 a value may stand/],
    ['<p>\n<script>x</script>', 'html', /^html:2:1 <script> has no place/],
    ['<p onclick="x">', 'html', /^html:1:12 onclick would run a program/],
    ['<a href="{{name}}">', 'html', /^html:1:10 href takes a link, and this is a text/],
    ['<a href="javascript:alert(1)">', 'html', /^html:1:29 href must be a link/],
    ['<a href="java&#115;cript:alert(1)">', 'html', /href must be a link/],
    ['<a href=javascript:alert(1)>', 'html', /the value of href must be quoted/],
    ['<a href="x{{name}}">', 'html', /href must be a variable that is a link, or begin with https/],
    ['<p style="color:{{name}}">', 'html', /a value may not stand in style/],
    ['<!-- {{name}} -->', 'html', /a value may stand between tags/],
    ['{{#if name}}<p title="{{/if}}">', 'html', /what a block begins in the HTML it must end/],
    ['<p title="', 'html', /ends within a tag/],
  ];
  for (const [source, form, flaw] of FLAWS)
    test(JSON.stringify(source), () => assert.match(flawIn(source, form), flaw));
});

test('links are links, or nothing', () => {
  assert.equal(made('<a href="{{link}}">', 'html'), '<a href="https://shop.example/orders/1?a=b&amp;c=d">');
  assert.equal(made('<a href="{{link}}">', 'html', { link: 'javascript:alert(1)' }), '<a href="">');
  assert.equal(
    made('<a href="https://x.example/?q={{name}}">', 'html', { name: 'a&b "c' }),
    '<a href="https://x.example/?q=a%26b%20%22c">',
  );
});

test('a subject is one line, whatever is put into it', () => {
  assert.equal(
    made('Hi {{name}}', 'line', { name: 'Ada\r\nBcc: eve@example.com' }),
    'Hi Ada Bcc: eve@example.com',
  );
});

test('no value becomes markup: as many tags and quotes come out as went in', () => {
  const source = '<p title="{{name}}">{{name}}{{#each lines}}<b>{{name}}</b>{{/each}}</p>';
  const template = compile(source, 'html', TYPES);
  const markup = (html: string): string => html.replaceAll(/[^<>"']/g, '');
  const plain = markup(template.render({ ...VALUES, name: 'a', lines: [{ name: 'b' }] }, EN));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (name, other) => {
      assert.equal(markup(template.render({ ...VALUES, name, lines: [{ name: other }] }, EN)), plain);
    }),
  );
});

test('whatever is written, it compiles or is refused with a place; nothing else is thrown', () => {
  const piece = fc.constantFrom(
    '{{',
    '}}',
    '{{name}}',
    '{{#if name}}',
    '{{else}}',
    '{{/if}}',
    '<a href="',
    '">',
    '<!--',
    '-->',
    "'",
    '=',
    ' ',
    'x',
    '\n',
    '{{link}}',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const source = pieces.join('');
      const flaw = flawIn(source, 'html');
      if (flaw === 'none') assert.equal(typeof made(source, 'html'), 'string');
      else assert.match(flaw, /^html:\d+:\d+ /);
    }),
    { numRuns: 500 },
  );
});

test('every built-in template compiles in every language, and shows its sample', () => {
  for (const [language, words] of Object.entries(LANGUAGES))
    for (const kind of KIND_NAMES)
      for (const channel of CHANNELS) {
        const source = builtIn(kind, channel, language);
        assert.equal(source !== undefined, KINDS[kind].channels.includes(channel), `${kind} ${channel}`);
        if (source === undefined) continue;
        const values = {
          ...KINDS[kind].sample,
          shop: { name: 'Acme', link: 'https://a.example' },
          recipient: { name: 'Ada' },
        };
        const shown = render(compileSource({ kind, channel }, source), values, {
          locale: language,
          zone: 'UTC',
        });
        const all = Object.values(shown).join('');
        assert.doesNotMatch(all, /\{\{|undefined|NaN/, `${language} ${kind} ${channel}`);
        assert.ok(shown.text.trim() !== '', `${language} ${kind} ${channel}`);
        assert.ok(words.frame.total !== '');
      }
});

test('samples are what the kinds say they are, and every variable is listed', () => {
  for (const kind of KIND_NAMES) KINDS[kind].variables.parse(KINDS[kind].sample);
  assert.deepEqual(variablesOf('orders.shipped'), [
    'number: text',
    'link: link',
    'lines[].title: text',
    'lines[].quantity: number',
    'lines[].total: money',
    'tracking: text',
    'follow: link',
    'shop.name: text',
    'shop.link: link',
    'recipient.name: text',
  ]);
});

test('languages are tried from the narrow to the wide: what was wished, what the shop speaks, English', () => {
  assert.deepEqual(chainOf('de-Latn-AT', ['nb-NO', 'de']), [
    'de-Latn-AT',
    'de-Latn',
    'de',
    'nb-NO',
    'nb',
    'en',
  ]);
  assert.deepEqual(chainOf(undefined, ['en']), ['en']);
});

test('a template is refused where it does not fit its channel', () => {
  const refused = (source: object, kind: 'orders.shipped' | 'orders.paid', channel: 'mail' | 'sms') => {
    assert.throws(
      () => compileSource({ kind, channel }, { text: 'x', ...source }),
      (error) => error instanceof ShopError && error.code === 'invalid_input',
    );
  };
  refused({}, 'orders.shipped', 'mail');
  refused({ subject: 'x' }, 'orders.shipped', 'mail');
  refused({ subject: 'x' }, 'orders.shipped', 'sms');
  refused({ html: 'x' }, 'orders.shipped', 'sms');
  refused({}, 'orders.paid', 'sms');
});
