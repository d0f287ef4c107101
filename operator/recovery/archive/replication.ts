/**
 * PostgreSQL's streaming replication protocol, as far as backups need it: a base backup and the write-ahead log, taken by a
 * client that has nothing but a connection. (PostgreSQL documentation, “Streaming Replication Protocol”; server 15 or newer.)
 */
import pg from 'pg';
import { connectionOf, submit } from '../wire.ts';
import { formatLsn, parseLsn } from './lsn.ts';
import type { Lsn } from './lsn.ts';

export interface Identity {
  /** Differs between clusters, is the same for a primary and its standbys. */
  readonly system: string;
  readonly timeline: number;
  /** How far the log is written. */
  readonly position: Lsn;
}

export interface BaseBackupSink {
  /** A part of the archive named last. @returns false: stop until `drained` resolves */
  write(kind: 'archive' | 'manifest', chunk: Buffer): boolean;
  drained(): Promise<void>;
}

export interface Taken {
  readonly timeline: number;
  /** The log from here… */
  readonly start: Lsn;
  /** …to here makes the backup consistent. */
  readonly end: Lsn;
}

export interface LogStream {
  /** Tells the server how far the log is safe here: it keeps what comes after, also for another connection. */
  confirm(received: Lsn, stored: Lsn): void;
  /** Stops and starts the flow. */
  pause(): void;
  resume(): void;
}

export interface LogReader {
  /** @param start place of the first byte of `data`; what comes follows without a gap */
  onData(start: Lsn, data: Buffer): void;
  /** The server wants to hear from us now, as it does before it shuts down. */
  onAsked(): void;
}

export interface Replication {
  identify(): Promise<Identity>;
  show(setting: 'wal_segment_size' | 'server_version'): Promise<string>;
  /** Makes the slot, which keeps the log for us while we are away. @returns true when it is new */
  ensureSlot(name: string): Promise<boolean>;
  dropSlot(name: string): Promise<void>;
  baseBackup(label: string, sink: BaseBackupSink): Promise<Taken>;
  /** Streams the log. Resolves when the timeline ends, and rejects with what broke. */
  stream(
    options: { readonly slot: string; readonly from: Lsn; readonly timeline: number },
    read: (stream: LogStream) => LogReader,
  ): Promise<void>;
  close(): Promise<void>;
}

/** Slots and labels are quoted by what they may be. */
const SLOT = /^[a-z0-9_]{1,63}$/;
const DUPLICATE_OBJECT = '42710';

/** @param url of a login with the attribute REPLICATION, or a superuser's */
export async function openReplication(url: string): Promise<Replication> {
  const options: pg.ClientConfig & { replication: string } = {
    connectionString: url,
    replication: 'true',
    application_name: 'shopmind-archive',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  };
  const client = new pg.Client(options);
  // What breaks shows in the statement under way.
  client.on('error', () => undefined);
  await client.connect();
  const connection = connectionOf(client);

  return {
    async identify() {
      const { rows } = await client.query<{ systemid: string; timeline: number; xlogpos: string }>(
        'IDENTIFY_SYSTEM',
      );
      const [row] = rows;
      if (row === undefined) throw new Error('the server does not say who it is');
      return { system: row.systemid, timeline: Number(row.timeline), position: parseLsn(row.xlogpos) };
    },

    async show(setting) {
      const { rows } = await client.query<Record<string, string>>(`SHOW ${setting}`);
      return rows[0]?.[setting] ?? '';
    },

    async ensureSlot(name) {
      try {
        await client.query(`CREATE_REPLICATION_SLOT ${checkedSlot(name)} PHYSICAL RESERVE_WAL`);
        return true;
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === DUPLICATE_OBJECT) return false;
        throw error;
      }
    },

    async dropSlot(name) {
      await client.query(`DROP_REPLICATION_SLOT ${checkedSlot(name)} WAIT`);
    },

    async baseBackup(label, sink) {
      const rows: (readonly (string | null)[])[] = [];
      let kind: 'archive' | 'manifest' = 'archive';
      let archives = 0;
      let isPaused = false;
      const pause = async (): Promise<void> => {
        // What the parser had already read still comes.
        if (isPaused) return;
        isPaused = true;
        connection.stream.pause();
        await sink.drained();
        isPaused = false;
        connection.stream.resume();
      };
      await submit(client, {
        text: `BASE_BACKUP (LABEL '${label.replaceAll("'", "''")}', CHECKPOINT 'fast', WAL false, MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256')`,
        onRow: (fields) => void rows.push(fields),
        onCopyData(message) {
          const type = String.fromCharCode(message[0] ?? 0);
          if (type === 'n' && ++archives > 1)
            return new Error(
              'the cluster has tablespaces of its own, which are not backed up: move their tables',
            );
          if (type === 'n' || type === 'm') kind = type === 'n' ? 'archive' : 'manifest';
          // The parser's buffer is used again for what comes next.
          else if (type === 'd' && !sink.write(kind, Buffer.from(message.subarray(1)))) void pause();
          return undefined;
        },
      });
      const [first, last] = [rows[0], rows.at(-1)];
      return {
        timeline: Number(first?.[1]),
        start: parseLsn(first?.[0] ?? ''),
        end: parseLsn(last?.[0] ?? ''),
      };
    },

    stream({ slot, from, timeline }, read) {
      const reader = read({
        confirm: (received, stored) => connection.sendCopyFromChunk(statusUpdate(received, stored)),
        pause: () => connection.stream.pause(),
        resume: () => connection.stream.resume(),
      });
      // The server ends its side when the timeline has ended; we end ours.
      connection.once('copyDone', () => connection.endCopyFrom());
      return submit(client, {
        text: `START_REPLICATION SLOT ${checkedSlot(slot)} PHYSICAL ${formatLsn(from)} TIMELINE ${timeline}`,
        onCopyData(message) {
          const type = String.fromCharCode(message[0] ?? 0);
          if (type === 'w') reader.onData(message.readBigUInt64BE(1), Buffer.from(message.subarray(25)));
          if (type === 'k' && message[17] === 1) reader.onAsked();
          return undefined;
        },
      });
    },

    close: () => client.end(),
  };
}

/** Standby status update: written, flushed and applied, each the byte after the last; time; no reply wanted. */
function statusUpdate(received: Lsn, stored: Lsn): Buffer {
  const message = Buffer.alloc(34);
  message.write('r', 0, 'latin1');
  message.writeBigUInt64BE(received, 1);
  message.writeBigUInt64BE(stored, 9);
  message.writeBigUInt64BE(0n, 17);
  // Microseconds since 2000-01-01.
  message.writeBigUInt64BE((BigInt(Date.now()) - 946_684_800_000n) * 1000n, 25);
  return message;
}

function checkedSlot(name: string): string {
  if (!SLOT.test(name)) throw new RangeError(`“${name}” is no name of a replication slot`);
  return name;
}
