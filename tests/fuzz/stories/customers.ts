/** Customers: a passkey, a phone, a group that talks. */
import { randomUUID } from 'node:crypto';
import type {
  NewCredential,
  SignedCredential,
} from '../../../runtime/domains/accounts/passkeys/definition.ts';
import { createAuthenticator } from '../../../runtime/domains/accounts/testing/authenticator.ts';
import { PNG } from '../pixel.ts';
import { PASSWORD } from '../shop.ts';
import type { Guide, Said } from './telling.ts';

export async function passkeysOfACustomer({ ask, enter, fresh, origin }: Guide): Promise<void> {
  const email = `${fresh('pass')}@example.com`;
  const as = await enter(email);
  await ask('accounts.login', { json: { email, password: PASSWORD } });
  const device = createAuthenticator('ES256', origin);
  const options = await ask('accounts.preparePasskey', { as, json: { password: PASSWORD } });
  const credential: NewCredential = device.create(options);
  const { id: passkeyId } = await ask('accounts.addPasskey', { as, json: { name: 'Phone', credential } });
  const signed: SignedCredential = device.get(await ask('accounts.preparePasskeySignIn'));
  await ask('accounts.signInWithPasskey', { json: { credential: signed } });
  await ask('accounts.removePasskey', { as, path: { passkeyId } });
  await ask('accounts.askForErasure', { as, json: { password: PASSWORD } });
  await ask('accounts.withdrawErasure', { as });
}

const message = (text: string) => ({ cid: randomUUID(), text, attachments: [] });

export async function aPhone({ ask, until, enter, fresh }: Guide): Promise<void> {
  const as = await enter(`${fresh('phone')}@example.com`);
  const phone = `+4930${String(Math.floor(Math.random() * 1e7)).padStart(7, '1')}`;
  await ask('notifications.addPhone', { as, json: { phone } });
  const sent = ({ messages }: Said) => messages.some(({ recipient }: Said) => recipient === phone);
  const { messages } = await until('notifications.listOutbox', { query: { limit: 100 } }, sent);
  const text = JSON.stringify(messages.find(({ recipient }: Said) => recipient === phone).message);
  const code = /(?<!\w)\d{6}(?!\w)/.exec(text)?.[0];
  await ask('notifications.confirmPhone', { as, json: { phone, code } });
}

export async function aChatInAGroup({ ask, enter, fresh }: Guide): Promise<void> {
  const [host, guest] = [
    await enter(`${fresh('host')}@example.com`),
    await enter(`${fresh('guest')}@example.com`),
  ];
  const { id: person } = await ask('accounts.getMe', { as: guest });
  const group = { kind: 'group', access: 'members', title: 'Campers', key: fresh('campers') };
  const { id: roomId } = await ask('chat.openRoom', { as: host, json: group });
  await ask('chat.letIn', { as: host, path: { roomId, person } });
  const file = { path: { roomId }, bytes: PNG, contentType: 'image/png', query: { name: 'tent.png' } };
  const { id } = await ask('chat.attach', { as: host, ...file });
  await ask('chat.getAttachment', { as: host, path: { roomId, id } });
  const room = { path: { roomId } };
  const { seq } = await ask('chat.writeMessage', { as: guest, ...room, json: message('Is it far?') });
  await ask('chat.listMessages', { as: host, ...room });
  await ask('chat.markRead', { as: host, ...room, json: { seq } });
  const json = { reason: 'It is about something else.' };
  await ask('chat.reportMessage', { as: host, path: { roomId, seq }, json });
  await ask('chat.removeMessage', { path: { roomId, seq } });
  await ask('chat.sendOut', { as: host, path: { roomId, person } });
}
