/**
 * The few administrative requests that kafkajs does not have, over one connection that lives as long as they take: SCRAM users
 * (KIP-554), client quotas (KIP-546), single configurations (KIP-339). Layouts: kafka.apache.org/protocol, all of flexible versions.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { KafkaSettings } from '../../../runtime/platform/address/kafka/index.ts';

export interface Quota {
  readonly key: string;
  readonly value: number;
}

/** One connection to one broker; it answers for the whole cluster. */
export interface AdminWire {
  /** Names of all users with a SCRAM credential. */
  scramUsers(): Promise<readonly string[]>;
  /** SCRAM-SHA-512. */
  putScramUser(user: string, password: string): Promise<void>;
  /** Fine when there is none. */
  dropScramUser(user: string): Promise<void>;
  quotasOf(user: string): Promise<readonly Quota[]>;
  /** @param value undefined: none any more */
  setQuota(user: string, key: string, value: number | undefined): Promise<void>;
  /** Sets these and leaves all others as they are. */
  configureTopic(topic: string, configs: Readonly<Record<string, string>>): Promise<void>;
  end(): void;
}

/** The server understood and refused. Names of codes: kafka.apache.org/protocol#protocol_error_codes */
class KafkaRefusal extends Error {
  readonly code: number;

  constructor(request: string, code: number, message: string | null) {
    super(`${request}: ${message ?? 'refused'} (error ${code})`);
    this.name = 'KafkaRefusal';
    this.code = code;
  }
}

const ANSWER_MS = 10_000;
const SHA_512 = 2;
const ITERATIONS = 4_096;
const RESOURCE_NOT_FOUND = 91;

/** Tries the brokers in turn. @throws the last broker's error when none takes us in */
export async function openAdminWire(settings: KafkaSettings): Promise<AdminWire> {
  let last: unknown;
  for (const broker of settings.brokers) {
    try {
      return await openTo(broker, settings);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

async function openTo(broker: string, { ssl, sasl }: KafkaSettings): Promise<AdminWire> {
  const link = await createLink(broker, ssl);
  try {
    if (sasl) await enter(link, sasl);
  } catch (error) {
    link.end();
    throw error;
  }
  return {
    async scramUsers() {
      const answer = await link.ask(50, 0, new Writer().array([]).tags());
      answer.skip(4);
      refuseOn(answer, 'DescribeUserScramCredentials');
      return answer.array(() => {
        const user = answer.text() ?? '';
        answer.skip(2);
        answer.text();
        answer.array(() => answer.skip(5).tags());
        answer.tags();
        return user;
      });
    },
    async putScramUser(user, password) {
      const salt = randomBytes(16);
      const salted = pbkdf2Sync(password.normalize('NFKC'), salt, ITERATIONS, 64, 'sha512');
      const upsertion = (w: Writer): void =>
        void w.text(user).int8(SHA_512).int32(ITERATIONS).bytes(salt).bytes(salted).tags();
      const answer = await link.ask(51, 0, new Writer().array([]).array([upsertion]).tags());
      answer.skip(4);
      answer.array(() => eachScram(answer, []));
    },
    async dropScramUser(user) {
      const deletion = (w: Writer): void => void w.text(user).int8(SHA_512).tags();
      const answer = await link.ask(51, 0, new Writer().array([deletion]).array([]).tags());
      answer.skip(4);
      answer.array(() => eachScram(answer, [RESOURCE_NOT_FOUND]));
    },
    async quotasOf(user) {
      const component = (w: Writer): void => void w.text('user').int8(0).text(user).tags();
      const answer = await link.ask(48, 1, new Writer().array([component]).int8(1).tags());
      answer.skip(4);
      refuseOn(answer, 'DescribeClientQuotas');
      return answer
        .array(() => {
          answer.array(() => (answer.text(), answer.text(), answer.tags()));
          const values = answer.array(() => {
            const quota = { key: answer.text() ?? '', value: answer.double() };
            answer.tags();
            return quota;
          });
          answer.tags();
          return values;
        })
        .flat();
    },
    async setQuota(user, key, value) {
      const entity = (w: Writer): void => void w.text('user').text(user).tags();
      const change = (w: Writer): void =>
        void w
          .text(key)
          .double(value ?? 0)
          .int8(value === undefined ? 1 : 0)
          .tags();
      const entry = (w: Writer): void => void w.array([entity]).array([change]).tags();
      const answer = await link.ask(49, 1, new Writer().array([entry]).int8(0).tags());
      answer.skip(4);
      answer.array(() => {
        refuseOn(answer, 'AlterClientQuotas');
        answer.array(() => (answer.text(), answer.text(), answer.tags()));
        answer.tags();
      });
    },
    async configureTopic(topic, configs) {
      const changes = Object.entries(configs).map(
        ([name, value]) =>
          (w: Writer): void =>
            void w.text(name).int8(0).text(value).tags(),
      );
      const resource = (w: Writer): void => void w.int8(2).text(topic).array(changes).tags();
      const answer = await link.ask(44, 1, new Writer().array([resource]).int8(0).tags());
      answer.skip(4);
      answer.array(() => {
        refuseOn(answer, 'IncrementalAlterConfigs');
        answer.skip(1).text();
        answer.tags();
      });
    },
    end: () => link.end(),
  };
}

function eachScram(answer: Reader, allowed: readonly number[]): void {
  answer.text();
  refuseOn(answer, 'AlterUserScramCredentials', allowed);
  answer.tags();
}

function refuseOn(answer: Reader, request: string, allowed: readonly number[] = []): void {
  const code = answer.int16();
  const message = answer.text();
  if (code !== 0 && !allowed.includes(code)) throw new KafkaRefusal(request, code, message);
}

interface Link {
  /** A request of a flexible version. */
  ask(key: number, version: number, body: Writer): Promise<Reader>;
  /** A request from before those. */
  askPlain(key: number, version: number, body: Buffer): Promise<Reader>;
  end(): void;
}

/** One request at a time: an answer belongs to the last question. */
async function createLink(broker: string, ssl: boolean): Promise<Link> {
  const split = broker.lastIndexOf(':');
  const host = broker.slice(0, split).replace(/^\[|\]$/g, '');
  const port = Number(broker.slice(split + 1));
  const socket: Socket = ssl ? connectTls({ host, port, servername: host }) : connectPlain({ host, port });
  let received = Buffer.alloc(0);
  let waiting: { resolve: (answer: Buffer) => void; reject: (error: Error) => void } | undefined;
  let correlation = 0;
  const fail = (error: Error): void => {
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`${broker} does not answer`)));
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data]);
    if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
    const answer = received.subarray(4, 4 + received.readInt32BE(0));
    received = received.subarray(4 + answer.length);
    waiting?.resolve(answer);
    waiting = undefined;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once(ssl ? 'secureConnect' : 'connect', () => resolve());
  });
  socket.on('error', fail);
  socket.on('close', () => fail(new Error(`${broker} closed the connection`)));

  async function exchange(key: number, version: number, rest: Buffer): Promise<Reader> {
    const head = Buffer.alloc(10);
    head.writeInt16BE(key, 0);
    head.writeInt16BE(version, 2);
    head.writeInt32BE(++correlation, 4);
    head.writeInt16BE(CLIENT.length, 8);
    const content = Buffer.concat([head, CLIENT, rest]);
    const size = Buffer.alloc(4);
    size.writeInt32BE(content.length, 0);
    const answer = new Promise<Buffer>((resolve, reject) => {
      waiting = { resolve, reject };
    });
    if (socket.destroyed) fail(new Error(`${broker} closed the connection`));
    else socket.write(Buffer.concat([size, content]));
    return new Reader(await answer).skip(4);
  }

  return {
    async ask(key, version, body) {
      const answer = await exchange(key, version, Buffer.concat([NO_TAGS, body.finish()]));
      answer.tags();
      return answer;
    },
    askPlain: exchange,
    end: () => void socket.destroy(),
  };
}

const CLIENT = Buffer.from('shopmind-operator');
const NO_TAGS = Buffer.from([0]);

/** SASL with SCRAM (RFC 5802, RFC 7677) or PLAIN (RFC 4616). */
async function enter(link: Link, sasl: NonNullable<KafkaSettings['sasl']>): Promise<void> {
  const handshake = await link.askPlain(17, 1, plainText(sasl.mechanism.toUpperCase()));
  const refused = handshake.int16();
  if (refused !== 0) throw new KafkaRefusal('SaslHandshake', refused, `no mechanism ${sasl.mechanism}`);
  if (sasl.mechanism === 'plain') {
    await say(link, `\0${sasl.username}\0${sasl.password}`);
    return;
  }
  const hash = sasl.mechanism === 'scram-sha-512' ? 'sha512' : 'sha256';
  const nonce = randomBytes(18).toString('base64');
  const user = sasl.username.replaceAll('=', '=3D').replaceAll(',', '=2C');
  const first = `n=${user},r=${nonce}`;
  const challenge = await say(link, `n,,${first}`);
  const asked = new Map(challenge.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
  const theirs = asked.get('r') ?? '';
  if (!theirs.startsWith(nonce)) throw new Error('Kafka answered with a nonce that is not ours.');
  const salted = pbkdf2Sync(
    sasl.password.normalize('NFKC'),
    Buffer.from(asked.get('s') ?? '', 'base64'),
    Number(asked.get('i')),
    hash === 'sha512' ? 64 : 32,
    hash,
  );
  const keyed = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest();
  const clientKey = keyed(salted, 'Client Key');
  const last = `c=biws,r=${theirs}`;
  const said = `${first},${challenge},${last}`;
  const signature = keyed(createHash(hash).update(clientKey).digest(), said);
  const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
  const verdict = await say(link, `${last},p=${Buffer.from(proof).toString('base64')}`);
  if (verdict !== `v=${keyed(keyed(salted, 'Server Key'), said).toString('base64')}`)
    throw new Error('Kafka does not know the password either: its signature is wrong.');
}

async function say(link: Link, words: string): Promise<string> {
  const content = Buffer.from(words);
  const size = Buffer.alloc(4);
  size.writeInt32BE(content.length, 0);
  const answer = await link.askPlain(36, 0, Buffer.concat([size, content]));
  const code = answer.int16();
  const message = answer.plainText();
  if (code !== 0) throw new KafkaRefusal('SaslAuthenticate', code, message);
  return answer.plainBytes().toString();
}

function plainText(text: string): Buffer {
  const content = Buffer.from(text);
  const size = Buffer.alloc(2);
  size.writeInt16BE(content.length, 0);
  return Buffer.concat([size, content]);
}

class Writer {
  readonly #parts: Buffer[] = [];

  int8(value: number): this {
    return this.#put(1, (part) => part.writeInt8(value, 0));
  }
  int32(value: number): this {
    return this.#put(4, (part) => part.writeInt32BE(value, 0));
  }
  double(value: number): this {
    return this.#put(8, (part) => part.writeDoubleBE(value, 0));
  }
  bytes(value: Buffer): this {
    this.#unsigned(value.length + 1);
    this.#parts.push(value);
    return this;
  }
  text(value: string): this {
    return this.bytes(Buffer.from(value));
  }
  array(elements: readonly ((writer: Writer) => void)[]): this {
    this.#unsigned(elements.length + 1);
    for (const element of elements) element(this);
    return this;
  }
  /** None. */
  tags(): this {
    this.#parts.push(NO_TAGS);
    return this;
  }
  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #put(size: number, write: (part: Buffer) => void): this {
    const part = Buffer.alloc(size);
    write(part);
    this.#parts.push(part);
    return this;
  }
  #unsigned(value: number): void {
    const bytes: number[] = [];
    for (let rest = value; ; rest >>>= 7) {
      if (rest < 0x80) {
        bytes.push(rest);
        break;
      }
      bytes.push((rest & 0x7f) | 0x80);
    }
    this.#parts.push(Buffer.from(bytes));
  }
}

class Reader {
  readonly #from: Buffer;
  #at = 0;

  constructor(from: Buffer) {
    this.#from = from;
  }

  skip(bytes: number): this {
    this.#at += bytes;
    return this;
  }
  int16(): number {
    return this.#from.readInt16BE((this.#at += 2) - 2);
  }
  double(): number {
    return this.#from.readDoubleBE((this.#at += 8) - 8);
  }
  text(): string | null {
    const size = this.#unsigned() - 1;
    return size < 0 ? null : this.#take(size).toString();
  }
  array<T>(element: () => T): T[] {
    return Array.from({ length: Math.max(0, this.#unsigned() - 1) }, element);
  }
  tags(): this {
    for (let left = this.#unsigned(); left > 0; left--) {
      this.#unsigned();
      this.skip(this.#unsigned());
    }
    return this;
  }
  /** As before the flexible versions. */
  plainText(): string | null {
    const size = this.int16();
    return size < 0 ? null : this.#take(size).toString();
  }
  plainBytes(): Buffer {
    const size = this.#from.readInt32BE((this.#at += 4) - 4);
    return this.#take(Math.max(0, size));
  }

  #take(size: number): Buffer {
    return this.#from.subarray(this.#at, (this.#at += size));
  }
  #unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#from.readUInt8(this.#at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }
}
