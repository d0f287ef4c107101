/** The shapes of the chat domain: what clients and servers say over the WebSocket, what routes take and answer, what events tell. */
import { z } from 'zod';
import { flag } from '../../platform/flag.ts';

export const PROTOCOL = 'shopmind.chat.v1';
/** Letters of one message. */
const TEXT = 4_000;
/** Messages a join or a page brings at most. */
export const PAGE = 200;

export const roomId = z.string().regex(/^room_[0-9a-f]{32}$/, 'a room’s id');
/** A customer's id, a guest's, `merchant` or `assistant`. */
export const person = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'a person’s id');
const clientId = z.string().regex(/^[A-Za-z0-9_.:-]{8,64}$/, '8 to 64 of A–Z, a–z, 0–9, _ . : and -');
const seq = z.int().min(0);
/** Well-formed, without U+0000, which the database cannot keep. */
const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be well-formed text');

export const attachment = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), id: z.string().regex(/^att_[0-9a-f]{32}$/) }),
  z.strictObject({
    kind: z.literal('product'),
    handle: text(255).min(1),
    title: text(300),
  }),
]);
export type Attachment = z.infer<typeof attachment>;

const said = {
  /** Made by the client by chance, and the same when it sends the message again. */
  cid: clientId,
  text: text(TEXT).transform((value) => value.trim()),
  attachments: z.array(attachment).max(10).default([]),
};
const isSomething = (message: { readonly text: string; readonly attachments: readonly unknown[] }): boolean =>
  message.text !== '' || message.attachments.length > 0;
const SOMETHING = 'must have letters or attachments';

// ── what clients say ─────────────────────────────────────────────────────────────────────────────

export const hears = {
  /** First of all. A customer's session comes by cookie, or as `token`; a merchant's key as `token`; a guest's token as `guest`. */
  hello: z.strictObject({
    t: z.literal('hello'),
    as: z.enum(['shopper', 'merchant']).default('shopper'),
    token: z.string().max(4_096).optional(),
    guest: z.string().max(200).optional(),
  }),
  /** @param after the last message the client has; absent: the latest page is enough */
  join: z.strictObject({ t: z.literal('join'), room: roomId, after: seq.optional() }),
  leave: z.strictObject({ t: z.literal('leave'), room: roomId }),
  send: z.strictObject({ t: z.literal('send'), room: roomId, ...said }).refine(isSomething, SOMETHING),
  typing: z.strictObject({ t: z.literal('typing'), room: roomId }),
  read: z.strictObject({ t: z.literal('read'), room: roomId, seq }),
};
export type Hello = z.infer<typeof hears.hello>;
export type Join = z.infer<typeof hears.join>;
export type Leave = z.infer<typeof hears.leave>;
export type Send = z.infer<typeof hears.send>;
export type Typing = z.infer<typeof hears.typing>;
export type Read = z.infer<typeof hears.read>;

// ── what clients are told ────────────────────────────────────────────────────────────────────────

export const message = z.object({
  seq,
  from: person,
  /** As its sender named it; null once the sender was erased. */
  cid: z.string().nullable(),
  kind: z.enum(['text', 'removal', 'notice']),
  text: z.string(),
  attachments: z.array(attachment).optional(),
  /** Of a removal: which message is gone. */
  ref: seq.optional(),
  at: z.iso.datetime(),
});
export type Message = z.infer<typeof message>;

export const says = {
  welcome: z.object({
    t: z.literal('welcome'),
    me: person,
    /** For a guest who came without a token: theirs from now on, to be kept. */
    guest: z.string().optional(),
  }),
  /**
   * The room's messages from `from` to `seq` follow, then whatever comes next: none is left out, none comes twice. Where `from` is not
   * the one after the client's last, what it has is older than a join brings (the route has it) or of another history: start again.
   */
  joined: z.object({
    t: z.literal('joined'),
    room: roomId,
    from: seq,
    seq,
    read: seq,
    present: z.array(person),
    reads: z.record(person, seq),
  }),
  message: message.extend({ t: z.literal('message'), room: roomId }),
  /** It is durable, and everybody who is there is told it. */
  ack: z.object({ t: z.literal('ack'), room: roomId, cid: z.string(), seq, at: z.iso.datetime() }),
  presence: z.object({ t: z.literal('presence'), room: roomId, who: person, online: z.boolean() }),
  /** Holds for five seconds. */
  typing: z.object({ t: z.literal('typing'), room: roomId, who: person }),
  read: z.object({ t: z.literal('read'), room: roomId, who: person, seq }),
  left: z.object({
    t: z.literal('left'),
    room: roomId,
    why: z.enum(['asked', 'closed', 'banned', 'removed']),
  }),
};

// ── routes ───────────────────────────────────────────────────────────────────────────────────────

export const ofRoom = z.strictObject({ roomId });
export const ofMessage = z.strictObject({ roomId, seq: z.coerce.number().int().min(1) });
export const ofMember = z.strictObject({ roomId, person });
export const ofAttachment = z.strictObject({ roomId, id: z.string().regex(/^att_[0-9a-f]{32}$/) });

export const guest = z.object({ me: person, guest: z.string() });

export const newRoom = z
  .strictObject({
    kind: z.enum(['support', 'assistant', 'group']),
    title: text(200).default(''),
    access: z.enum(['members', 'open']).default('members'),
    /** Of a group: its creator's name for it. The same again answers the same room. */
    key: clientId.optional(),
  })
  .refine(({ kind, key }) => kind !== 'group' || key !== undefined, 'a group needs a key');
export type NewRoom = z.infer<typeof newRoom>;

export const room = z.object({
  id: roomId,
  kind: z.enum(['support', 'group', 'assistant']),
  access: z.enum(['members', 'open']),
  title: z.string(),
  createdBy: person.nullable(),
  createdAt: z.iso.datetime(),
  closedAt: z.iso.datetime().nullable(),
  /** Of its last message; 0: there is none. */
  seq,
  read: seq,
  /** How many came after what the asking person has read. */
  unread: z.int(),
});
export type Room = z.infer<typeof room>;

export const roomsQuery = z.object({
  kind: z.enum(['support', 'group', 'assistant']).optional(),
  open: flag().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().max(200).optional(),
});
export type RoomsQuery = z.infer<typeof roomsQuery>;
export const rooms = z.object({ rooms: z.array(room), nextCursor: z.string().nullable() });

export const historyQuery = z
  .object({
    /** Those before, the latest first; or those after, the oldest first. Neither: the latest. */
    before: z.coerce.number().int().min(1).optional(),
    after: z.coerce.number().int().min(0).optional(),
    limit: z.coerce.number().int().min(1).max(PAGE).default(50),
  })
  .refine(({ before, after }) => before === undefined || after === undefined, 'take before or after');
export type HistoryQuery = z.infer<typeof historyQuery>;
export const history = z.object({ messages: z.array(message), seq });

export const newMessage = z.strictObject(said).refine(isSomething, SOMETHING);
export type NewMessage = z.infer<typeof newMessage>;
export const written = z.object({ cid: z.string(), seq, at: z.iso.datetime() });
export type Written = z.infer<typeof written>;

export const readMark = z.strictObject({ seq });
export const report = z.strictObject({ reason: text(500) });
export const file = z.object({ id: z.string(), name: z.string(), contentType: z.string(), size: z.int() });
export const fileQuery = z.object({ name: text(200).min(1).default('file') });

export const roomPatch = z.strictObject({ title: text(200), closed: z.boolean() }).partial();
export type RoomPatch = z.infer<typeof roomPatch>;
export const memberPatch = z
  .strictObject({ mutedUntil: z.iso.datetime({ offset: true }).nullable(), banned: z.boolean() })
  .partial();
export type MemberPatch = z.infer<typeof memberPatch>;
export const member = z.object({
  person,
  role: z.enum(['owner', 'member', 'merchant']),
  read: seq,
  mutedUntil: z.iso.datetime().nullable(),
  banned: z.boolean(),
});
export type Member = z.infer<typeof member>;
export const members = z.object({ members: z.array(member) });
export const reports = z.object({
  reports: z.array(
    z.object({ roomId, seq, reporter: person, reason: z.string(), at: z.iso.datetime(), text: z.string() }),
  ),
});

export const settings = z.strictObject({
  /** As whole words, whatever their case: a message with one of them is refused. */
  blockedWords: z.array(text(60).min(1)).max(500).default([]),
  /** Whether shoppers may ask the assistant. */
  assistant: z.boolean().default(true),
  /** What the assistant says first; empty: nothing. */
  greeting: text(500).default(''),
});
export type Settings = z.infer<typeof settings>;

// ── events ───────────────────────────────────────────────────────────────────────────────────────

/** What was written into a room at once. Says that somebody wrote, not what: texts stay in the room. */
export const messageEvent = z.object({
  roomId,
  kind: z.enum(['support', 'group', 'assistant']),
  messages: z.array(
    z.object({
      seq,
      from: person,
      kind: z.enum(['text', 'removal', 'notice']),
      letters: z.int(),
      attachments: z.int(),
    }),
  ),
});
export type MessageEvent = z.infer<typeof messageEvent>;
