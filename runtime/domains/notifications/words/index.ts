/** The built-in templates: words in each language, put into one shape. Merchants write over them, one by one. */
import type { Channel, KindName } from '../kinds.ts';
import { KINDS } from '../kinds.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { ja } from './ja.ts';
import { nb } from './nb.ts';

/** What a message of a kind says. Each is a template of its own. */
export interface Message {
  readonly subject: string;
  /** Paragraphs. */
  readonly lines: readonly string[];
  /** What the link is called. */
  readonly button?: string;
  /** One sentence, for SMS and push. */
  readonly short?: string;
}

/** Words of the frame: what stands around lists and at the foot. */
export interface Frame {
  readonly total: string;
  readonly because: string;
  readonly unsubscribe: string;
  readonly preferences: string;
}

export interface Words {
  readonly frame: Frame;
  readonly messages: Readonly<Record<KindName, Message>>;
}

/** What a channel's template consists of. */
export interface Source {
  /** Of mail and push. */
  readonly subject?: string | undefined;
  /** Of mail. */
  readonly html?: string | undefined;
  readonly text: string;
}

export const LANGUAGES: Readonly<Record<string, Words>> = { en, de, nb, ja };
const OTHERWISE = en;

/** Norwegian is asked for by several names. */
const SAME: Readonly<Record<string, string>> = { no: 'nb', nn: 'nb' };

export function wordsIn(language: string): Words | undefined {
  return LANGUAGES[SAME[language] ?? language];
}

export function frameIn(language: string): Frame {
  return (wordsIn(language) ?? OTHERWISE).frame;
}

/** The built-in template; undefined where there is none in the language. */
export function builtIn(kind: KindName, channel: Channel, language: string): Source | undefined {
  const words = wordsIn(language);
  if (words === undefined || !KINDS[kind].channels.includes(channel)) return undefined;
  const message = words.messages[kind];
  if (channel === 'sms') return { text: `{{shop.name}}: ${shortOf(message)}` };
  if (channel === 'push') return { subject: '{{shop.name}}', text: shortOf(message) };
  return {
    subject: message.subject,
    html: htmlOf(kind, message, words.frame),
    text: textOf(kind, message, words.frame),
  };
}

function shortOf({ short, subject }: Message): string {
  return short ?? subject;
}

/** Which lists a kind's variables have. */
const LISTS: Partial<Record<KindName, { html: (frame: Frame) => string; text: (frame: Frame) => string }>> = {
  'orders.confirmed': { html: lines(true), text: plainLines(true) },
  'orders.shipped': { html: lines(false), text: plainLines(false) },
  'orders.exchange': { html: lines(false), text: plainLines(false) },
  'marketing.cart': { html: lines(true), text: plainLines(true) },
  'merchant.order': { html: lines(true), text: plainLines(true) },
  'marketing.campaign': {
    html: () => '{{#each paragraphs}}<p>{{this}}</p>\n{{/each}}',
    text: () => '{{#each paragraphs}}{{this}}\n\n{{/each}}',
  },
  'reviews.request': { html: () => links(), text: () => plainLinks() },
  'wishes.back': { html: () => links(), text: () => plainLinks() },
  'wishes.cheaper': { html: () => links(' · {{price}}'), text: () => plainLinks(': {{price}}') },
  digest: {
    html: () =>
      '<ul>{{#each items}}<li><a href="{{link}}">{{title}}</a> · {{at | datetime}}</li>{{/each}}</ul>\n',
    text: () => '{{#each items}}- {{title}} ({{at | datetime}})\n  {{link}}\n{{/each}}\n',
  },
};

/** Each item leads to its own page. @param more what is said of it behind its name */
function links(more = ''): string {
  return `<ul>{{#each items}}<li><a href="{{link}}">{{title}}</a>${more}</li>{{/each}}</ul>\n`;
}

function plainLinks(more = ''): string {
  return `{{#each items}}- {{title}}${more}\n  {{link}}\n{{/each}}\n`;
}

function lines(withTotal: boolean): (frame: Frame) => string {
  return ({ total }) =>
    `<table role="presentation" width="100%" cellpadding="6">
{{#each lines}}<tr><td>{{quantity}} × {{title}}</td><td align="right">{{total}}</td></tr>
{{/each}}${withTotal ? `<tr><td><strong>${total}</strong></td><td align="right"><strong>{{total}}</strong></td></tr>\n` : ''}</table>
`;
}

function plainLines(withTotal: boolean): (frame: Frame) => string {
  return ({ total }) =>
    `{{#each lines}}{{quantity}} × {{title}}: {{total}}\n{{/each}}${withTotal ? `${total}: {{total}}\n` : ''}\n`;
}

function htmlOf(kind: KindName, { lines: paragraphs, button }: Message, frame: Frame): string {
  const text = paragraphs.map((line) => `<p>${line}</p>\n`).join('');
  const link = button === undefined ? '' : `<p><a class="button" href="{{link}}">${button}</a></p>\n`;
  return `${text}${LISTS[kind]?.html(frame) ?? ''}${link}`;
}

function textOf(kind: KindName, { lines: paragraphs, button }: Message, frame: Frame): string {
  const text = paragraphs.map((line) => `${line}\n\n`).join('');
  const link = button === undefined ? '' : `${button}: {{link}}\n`;
  return `${text}${LISTS[kind]?.text(frame) ?? ''}${link}`;
}
