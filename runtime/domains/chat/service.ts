/** The chat domain's handlers: the socket's conversation, and what is asked by requests. */
import { randomBytes } from 'node:crypto';
import type { CreateService, Platform, RouteRequest } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import { callersNetwork } from '../../platform/network.ts';
import type { TenantId } from '../../platform/ports.ts';
import { createAssistant } from './assistant/assistant.ts';
import { chat } from './definition.ts';
import { createDrafting } from './drafting.ts';
import { createFiles } from './files.ts';
import { createMarks } from './marks.ts';
import { createModeration } from './moderation.ts';
import { openRoom } from './opening.ts';
import { guestOf, HOUSE, MERCHANT, newGuestToken, personOf } from './people.ts';
import { createRooms, type Rooms } from './rooms.ts';
import type * as s from './schemas.ts';
import { createSettings } from './settings.ts';
import { createTalk, reseat } from './socket.ts';
import {
  checkMayWrite,
  isGuest,
  letIn,
  markRead,
  noSuchRoom,
  pageOf,
  roomsOf,
  seenBy,
  standingOf,
  toMessage,
} from './store.ts';
import { createWriter } from './writer.ts';

/** What tests and benchmarks change. */
export interface ChatOptions {
  readonly node?: string;
  readonly sweepMilliseconds?: number;
  readonly graceMilliseconds?: number;
}

export const createService: CreateService = (platform) => createChat(platform);

export function createChat(platform: Platform, options: ChatOptions = {}): ReturnType<CreateService> {
  const { sql, clock } = platform;
  const settings = createSettings(platform);
  const drafting = createDrafting(platform, settings);
  const files = createFiles(platform);
  const rooms: Rooms = createRooms({
    platform,
    node: randomBytes(6).toString('base64url'),
    ...options,
    onRulesChanged: (room) => reseat(rooms, room, (person) => standingOf(sql, room.tenant, room.id, person)),
  });
  const writer = createWriter({
    platform,
    onWritten: (tenant, batch) => rooms.wrote(tenant, batch),
    async lookAgain(tenant, room, person) {
      const standing = await standingOf(sql, tenant, room, person);
      for (const seat of rooms.known(tenant, room)?.seats ?? [])
        if (seat.person === person) seat.rules = standing.room.rules;
      checkMayWrite(standing, person, clock.now());
      return standing.room.rules;
    },
  });
  const marks = createMarks({ platform, onMarked: (...mark) => rooms.read(...mark) });
  const moderation = createModeration({ platform, rooms, writer, files });
  const assistant = createAssistant({ platform, writer, settings });

  async function write(
    tenant: TenantId,
    room: string,
    person: string,
    message: s.NewMessage,
  ): Promise<s.Written> {
    await settings.get(tenant);
    const standing = await standingOf(sql, tenant, room, person);
    checkMayWrite(standing, person, clock.now());
    drafting.checkWords(tenant, message.text);
    await drafting.checkAttachments(tenant, room, message.attachments);
    const { seq, at } = await writer.written(tenant, {
      room,
      from: person,
      cid: message.cid,
      kind: 'text',
      text: message.text,
      attachments: message.attachments,
      ref: null,
      rules: standing.room.rules,
    });
    return { cid: message.cid, seq, at: at.toISOString() };
  }

  async function history(tenant: TenantId, room: string, person: string, query: s.HistoryQuery) {
    const standing = await seenBy(sql, tenant, room, person);
    const rows = await pageOf(sql, tenant, room, query);
    return { messages: rows.map(toMessage), seq: standing.room.last_seq };
  }

  /** Of a group that the caller has made, or themselves. */
  async function checkMayChangeMember(request: RouteRequest, roomId: string, person: string): Promise<void> {
    const me = personIn(request);
    const { room, member } = await seenBy(sql, request.tenant.id, roomId, me);
    if (room.kind !== 'group' || member === undefined) throw noSuchRoom();
    if (member.role !== 'owner' && person !== me)
      throw new ShopError('forbidden', 'Only who made the group changes who is in it.');
  }

  return {
    definition: chat,
    operations: {},
    consumers: {},
    tasks: { 'chat.answer': assistant.answer },
    sockets: { rooms: createTalk({ platform, rooms, writer, marks, settings, drafting }) },
    // Parameters, queries and bodies are parsed by the definition's schemas, which their types are of.
    routes: {
      becomeGuest({ tenant }) {
        const guest = newGuestToken(tenant.id);
        return Promise.resolve({ json: { me: guestOf(tenant.id, guest), guest } });
      },
      async openRoom(request) {
        const { tenant, body } = request;
        const person = personIn(request);
        return { json: await openRoom(platform, writer, settings, tenant.id, person, body as s.NewRoom) };
      },
      async listRooms(request) {
        const { tenant, query } = request;
        return { json: await roomsOf(sql, tenant.id, personIn(request), query as s.RoomsQuery) };
      },
      async listMessages(request) {
        const { roomId } = request.params as OfRoom;
        const query = request.query as s.HistoryQuery;
        return { json: await history(request.tenant.id, roomId, personIn(request), query) };
      },
      async writeMessage(request) {
        const { roomId } = request.params as OfRoom;
        const message = request.body as s.NewMessage;
        return { json: await write(request.tenant.id, roomId, personIn(request), message) };
      },
      async markRead(request) {
        const { roomId } = request.params as OfRoom;
        const { seq } = request.body as { readonly seq: number };
        const person = personIn(request);
        const { member } = await seenBy(sql, request.tenant.id, roomId, person);
        // Into an open room whoever reads in it comes, as over a socket.
        if (member === undefined && person !== MERCHANT)
          await sql.transaction(request.tenant.id, (tx) =>
            letIn(tx, request.tenant.id, roomId, person, 'member', clock.now()),
          );
        await markRead(sql, request.tenant.id, [{ room: roomId, person, seq }], clock.now());
        rooms.read(request.tenant.id, roomId, person, seq);
        return {};
      },
      async letIn(request) {
        const { roomId, person } = request.params as OfMember;
        await checkMayChangeMember(request, roomId, person);
        if (isGuest(person) || person === MERCHANT || person === HOUSE)
          throw new ShopError('invalid_input', 'path/person: is no customer');
        await sql.transaction(request.tenant.id, (tx) =>
          letIn(tx, request.tenant.id, roomId, person, 'member', clock.now()),
        );
        return {};
      },
      async sendOut(request) {
        const { roomId, person } = request.params as OfMember;
        await checkMayChangeMember(request, roomId, person);
        await moderation.takeOut(request.tenant.id, roomId, person);
        return {};
      },
      async attach(request) {
        const { roomId } = request.params as OfRoom;
        const { name } = request.query as { readonly name: string };
        const person = personIn(request);
        const standing = await standingOf(sql, request.tenant.id, roomId, person);
        checkMayWrite(standing, person, clock.now());
        const bytes = request.body as Buffer;
        const network = callersNetwork(request.headers);
        return { json: await files.bring(request.tenant.id, roomId, person, { name, bytes }, network) };
      },
      async getAttachment(request) {
        const { roomId, id } = request.params as { readonly roomId: string; readonly id: string };
        await seenBy(sql, request.tenant.id, roomId, personIn(request));
        return files.serve(request.tenant.id, roomId, id);
      },
      async reportMessage(request) {
        const { roomId, seq } = request.params as OfMessage;
        const { reason } = request.body as { readonly reason: string };
        const person = personIn(request);
        await seenBy(sql, request.tenant.id, roomId, person);
        await moderation.report(request.tenant.id, roomId, seq, person, reason);
        return {};
      },
      async listAllRooms({ tenant, query }) {
        return { json: await roomsOf(sql, tenant.id, undefined, query as s.RoomsQuery) };
      },
      async readMessages({ tenant, params, query }) {
        const { roomId } = params as OfRoom;
        return { json: await history(tenant.id, roomId, MERCHANT, query as s.HistoryQuery) };
      },
      async reply({ tenant, params, body }) {
        const { roomId } = params as OfRoom;
        return { json: await write(tenant.id, roomId, MERCHANT, body as s.NewMessage) };
      },
      async changeRoom({ tenant, params, body }) {
        const { roomId } = params as OfRoom;
        return { json: await moderation.changeRoom(tenant.id, roomId, body as s.RoomPatch) };
      },
      async listMembers({ tenant, params }) {
        return { json: { members: await moderation.members(tenant.id, (params as OfRoom).roomId) } };
      },
      async moderateMember({ tenant, params, body }) {
        const { roomId, person } = params as OfMember;
        return { json: await moderation.changeMember(tenant.id, roomId, person, body as s.MemberPatch) };
      },
      async removeMessage({ tenant, params }) {
        const { roomId, seq } = params as OfMessage;
        await moderation.remove(tenant.id, roomId, seq);
        return {};
      },
      async listReports({ tenant }) {
        return { json: { reports: await moderation.reports(tenant.id) } };
      },
      async settleReports({ tenant, params }) {
        const { roomId, seq } = params as OfMessage;
        await moderation.settle(tenant.id, roomId, seq);
        return {};
      },
      async getSettings({ tenant }) {
        const { blockedWords, assistant: isOn, greeting } = await settings.get(tenant.id);
        return { json: { blockedWords, assistant: isOn, greeting } };
      },
      async putSettings({ tenant, body }) {
        await moderation.putSettings(tenant.id, body as s.Settings);
        settings.forget(tenant.id);
        return { json: body };
      },
    },
  };
}

type OfRoom = { readonly roomId: string };
type OfMember = { readonly roomId: string; readonly person: string };
type OfMessage = { readonly roomId: string; readonly seq: number };

const personIn = ({ tenant, caller, headers }: RouteRequest): string => personOf(tenant.id, caller, headers);
