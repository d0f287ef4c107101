/** What a message must be before any adapter takes it: the same for all of them, so that the embedded one refuses what a provider would. */
import { ShopError } from '../errors.ts';
import type { MailMessage, PushMessage, SmsMessage } from '../ports.ts';

const ID = /^[A-Za-z0-9_]{1,64}$/;
const ADDRESS = /^[^\s<>,;:"()\\[\]@]+@[^\s<>,;:"()\\[\]@]+$/;
const PHONE = /^\+[1-9][0-9]{6,14}$/;
/** A line of a header: a break in it would begin another header. */
const LINE = /^\P{Cc}*$/u;
const MOST_PUSH_BYTES = 3_000;

export function checkMail(message: MailMessage): void {
  refuseUnless({
    id: ID.test(message.id),
    to: ADDRESS.test(message.to) && message.to.length <= 254,
    'from/address': ADDRESS.test(message.from.address),
    'from/name': LINE.test(message.from.name),
    replyTo: message.replyTo === undefined || ADDRESS.test(message.replyTo),
    subject: LINE.test(message.subject) && message.subject.length <= 998,
    unsubscribe: message.unsubscribe === undefined || /^https?:\/\/[^\s<>]+$/.test(message.unsubscribe),
  });
}

export function checkSms(message: SmsMessage): void {
  refuseUnless({
    id: ID.test(message.id),
    to: PHONE.test(message.to),
    text: message.text !== '' && message.text.length <= 1_600,
  });
}

export function checkPush(message: PushMessage): void {
  refuseUnless({
    id: ID.test(message.id),
    'to/endpoint': URL.canParse(message.to.endpoint),
    'to/keys/p256dh': bytesIn(message.to.keys.p256dh) === 65,
    'to/keys/auth': bytesIn(message.to.keys.auth) === 16,
    content: Buffer.byteLength(JSON.stringify(message.content)) <= MOST_PUSH_BYTES,
    ttlSeconds: Number.isInteger(message.ttlSeconds) && message.ttlSeconds >= 0,
  });
}

function bytesIn(base64url: string): number {
  return Buffer.from(base64url, 'base64url').length;
}

function refuseUnless(rules: Readonly<Record<string, boolean>>): void {
  const broken = Object.entries(rules).filter(([, kept]) => !kept);
  if (broken.length === 0) return;
  throw new ShopError('invalid_input', 'The message cannot be sent as it is.', {
    problems: broken.map(([where]) => ({ where, what: 'is malformed' })),
    remedy: 'Mend what is named.',
  });
}
