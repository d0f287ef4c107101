'use server';
/** What a visitor says to the shop. A form's target, so it works without script too. */
import { revalidatePath } from 'next/cache';
import { ApiError } from '../../api-client/client.ts';
import type { Client } from '../../api-client/client.ts';
import type { FormState } from './actions.ts';
import { partnerOf, talkerOf } from './chat.ts';
import { MONTH, remember } from './cookies.ts';
import { text } from './forms.ts';
import { COOKIES, shop } from './shop.ts';
import type { Shop } from './shop.ts';

/** Letters of one message, as the API takes it. */
const MOST = 4_000;

/** Says it in the room with that partner, which is opened by the first word. The form's key makes it said once. */
export async function say(_: FormState, form: FormData): Promise<FormState> {
  const current = await shop();
  const partner = partnerOf(form.get('with'));
  const said = text(form, 'text', MOST).replaceAll('\r', '');
  const key = text(form, 'key', 64) || crypto.randomUUID();
  if (said === '') return { errors: {}, values: {}, key };
  try {
    const talker = (await talkerOf(current)) ?? (await newGuest(current));
    const room = await talker.call('chat.openRoom', { body: { kind: partner } });
    await talker.call('chat.writeMessage', { params: { roomId: room.id }, body: { cid: key, text: said } });
  } catch (error) {
    return { message: refusalOf(error, current), errors: {}, values: { text: said }, key };
  }
  revalidatePath('/chat');
  return { errors: {}, values: {}, key: crypto.randomUUID() };
}

async function newGuest({ api, apiAs }: Shop): Promise<Client> {
  const { guest } = await api.call('chat.becomeGuest', {});
  await remember(COOKIES.chat, guest, 3 * MONTH);
  return apiAs(guest);
}

/** Throws whatever is no refusal of the API. */
function refusalOf(error: unknown, { words }: Shop): string {
  if (!(error instanceof ApiError)) throw error;
  if (error.code === 'rate_limited') return words.reviews.fast;
  return error.status >= 500 ? words.error.text : words.chat.refused;
}
