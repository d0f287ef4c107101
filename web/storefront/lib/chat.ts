/** The visitor's conversations with the shop: a customer's, or the guest's that this browser is known as. */
import { cookies } from 'next/headers';
import { ApiError } from '../../api-client/client.ts';
import type { Answer, Client } from '../../api-client/client.ts';
import { COOKIES } from './shop.ts';
import type { Shop } from './shop.ts';

export const PARTNERS = ['support', 'assistant'] as const;
export type Partner = (typeof PARTNERS)[number];

export const partnerOf = (said: unknown): Partner => PARTNERS.find((each) => each === said) ?? 'support';

export interface Conversation {
  readonly talker: Client;
  readonly room: Answer<'chat.listRooms'>['rooms'][number];
  readonly messages: Answer<'chat.listMessages'>['messages'];
}

/** As much as a page shows. */
const LATEST = 100;

/** Calls as whoever talks; nothing where this browser has not talked yet. */
export async function talkerOf({ api, apiAs, loggedIn }: Shop): Promise<Client | undefined> {
  if (loggedIn) return api;
  const guest = (await cookies()).get(COOKIES.chat)?.value;
  return guest === undefined ? undefined : apiAs(guest);
}

/** Nothing before the first word; nor where the session has ended, which is no error: the visitor logs in again. */
export async function conversationWith(partner: Partner, current: Shop): Promise<Conversation | undefined> {
  const talker = await talkerOf(current);
  if (talker === undefined) return undefined;
  try {
    const { rooms } = await talker.call('chat.listRooms', {
      query: { kind: partner, open: 'true', limit: 1 },
    });
    const [room] = rooms;
    if (room === undefined) return undefined;
    const { messages } = await talker.call('chat.listMessages', {
      params: { roomId: room.id },
      query: { limit: LATEST },
    });
    return { talker, room, messages };
  } catch (error) {
    if (error instanceof ApiError && [401, 403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

/** Tells whoever answers how far was read. Nobody waits for it, and it may be lost. */
export async function tellRead({ talker, room }: Conversation): Promise<void> {
  if (room.read >= room.seq) return;
  await talker
    .call('chat.markRead', { params: { roomId: room.id }, body: { seq: room.seq } })
    .catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
    });
}
