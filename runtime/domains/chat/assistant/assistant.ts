/**
 * The shop's assistant: a shopper asks, and it answers from the tenant's catalogue. What it knows is looked up first, always; a language
 * model, where one is configured, only puts it into words, and where it is away or slow the plain answer goes out.
 *
 * An answer is a message like any other, named after the last question it answers: however often the task runs, it is there once.
 */
import { z } from 'zod';
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { TaskHandler, TenantId } from '../../../platform/ports.ts';
import { ASSISTANT } from '../people.ts';
import { roomId } from '../schemas.ts';
import type { SettingsKeeper } from '../settings.ts';
import { pageOf, type MessageRow } from '../store.ts';
import type { Writer } from '../writer.ts';
import { inWords, mostFound, plainAnswer, wordsOf, type Found } from './answer.ts';

const asked = z.object({ roomId });

/** As much of the catalogue's answer as is used. */
const page = z.object({
  products: z.array(
    z.object({
      handle: z.string(),
      title: z.string(),
      vendor: z.string(),
      priceRange: z.object({ min: z.object({ amount: z.int(), currency: z.string() }) }).nullable(),
    }),
  ),
  search: z.string().nullish(),
});

export interface AssistantOptions {
  readonly platform: Pick<Platform, 'sql' | 'call' | 'tenants' | 'log' | 'language' | 'limits'>;
  readonly writer: Writer;
  readonly settings: SettingsKeeper;
}

export interface Assistant {
  readonly answer: TaskHandler;
}

/** Products an answer names. */
const MOST = 4;
const NOTHING: Found = { products: [], isExact: false };
/** How the catalogue says that all words were found; otherwise it has asked for less by itself. */
const EXACT: readonly string[] = ['words', 'plain'];
/** A minute: guests cost nothing, and what a model says does. Beyond it the catalogue answers. */
const WORDED_IN_A_ROOM = 10;
const WORDED_IN_A_SHOP = 120;
/** Messages it looks back. */
const MEMORY = 20;

export function createAssistant({ platform, writer, settings }: AssistantOptions): Assistant {
  const { sql, call, tenants, log, language, limits } = platform;

  /** A search takes every word. Where nothing has them all, what has most of them comes close. */
  async function search(tenant: TenantId, words: readonly string[]): Promise<Found> {
    if (words.length === 0) return NOTHING;
    const whole = await ask(tenant, words.join(' '));
    if (whole.products.length > 0 && whole.isExact) return whole;
    const single = words.length === 1 ? [] : await Promise.all(words.map((word) => ask(tenant, word)));
    const near = mostFound(single.filter(({ isExact }) => isExact)).slice(0, MOST);
    return { products: near.length > 0 ? near : whole.products, isExact: false };
  }

  async function ask(tenant: TenantId, q: string): Promise<Found> {
    try {
      const { products, search: by } = page.parse(
        await call(tenant, 'catalog', 'search', { q, limit: MOST, wordsAlone: true }),
      );
      return { products, isExact: by === null || by === undefined || EXACT.includes(by) };
    } catch (error) {
      // A shop without a catalogue has an assistant that knows nothing.
      if (error instanceof ShopError && error.code === 'not_found') return NOTHING;
      throw error;
    }
  }

  async function mayBeWorded(tenant: TenantId, room: string): Promise<boolean> {
    if ((await limits.take(tenant, `assistant/${room}`, WORDED_IN_A_ROOM)) > 0) return false;
    return (await limits.take(tenant, 'assistant', WORDED_IN_A_SHOP)) === 0;
  }

  async function wording(
    tenant: TenantId,
    room: string,
    history: readonly MessageRow[],
    found: Found,
    plain: string,
    signal: AbortSignal,
  ): Promise<string> {
    if (language === undefined || !(await mayBeWorded(tenant, room))) return plain;
    try {
      const name = (await tenants.byId(tenant))?.displayName ?? tenant;
      const said = await language.complete(tenant, inWords(name, history, found), signal);
      return said.trim().slice(0, 4_000) || plain;
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ err: error, tenant }, 'the language model did not answer; the catalogue does');
      return plain;
    }
  }

  return {
    async answer({ tenant, payload, signal }) {
      const { roomId: room } = asked.parse(payload);
      if (!(await settings.get(tenant)).assistant) return;
      const history = await pageOf(sql, tenant, room, { limit: MEMORY });
      const question = history.findLast(({ kind }) => kind === 'text');
      // Answered already, or taken down.
      if (question === undefined || question.sender === ASSISTANT || question.body === '') return;
      const found = await search(tenant, wordsOf(question.body));
      const plain = plainAnswer(question.body, found, (await tenants.byId(tenant))?.locales[0] ?? 'en');
      const text = await wording(tenant, room, history, found, plain, signal);
      await writer.written(tenant, {
        room,
        from: ASSISTANT,
        cid: `answer-${question.seq}`,
        kind: 'text',
        text,
        attachments: found.products.map(({ handle, title }) => ({ kind: 'product', handle, title })),
        ref: null,
        rules: undefined,
      });
    },
  };
}
