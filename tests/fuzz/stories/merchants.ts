/** Members of the staff, and what only they do: passkeys, codes of an app, roles, experiments, transfers. */
import type {
  NewCredential,
  SignedCredential,
} from '../../../runtime/domains/accounts/passkeys/definition.ts';
import { createAuthenticator } from '../../../runtime/domains/accounts/testing/authenticator.ts';
import { codeShown } from '../authenticator-app.ts';
import { PASSWORD } from '../shop.ts';
import { stocked } from './buying.ts';
import type { Guide, Said } from './telling.ts';

export async function passkeysOfTheStaff({ ask, enter, fresh, origin }: Guide): Promise<void> {
  const as = await enter(`${fresh('owner')}@staff.example`, 'owner');
  const device = createAuthenticator('EdDSA', origin);
  const options = await ask('accounts.prepareStaffPasskey', { as, json: { password: PASSWORD } });
  const credential: NewCredential = device.create(options, 'packed');
  const { id: passkeyId } = await ask('accounts.addStaffPasskey', { as, json: { name: 'Key', credential } });
  const signed: SignedCredential = device.get(await ask('accounts.prepareStaffPasskeySignIn'));
  await ask('accounts.signInStaffWithPasskey', { json: { credential: signed } });
  await ask('accounts.removeStaffPasskey', { as, path: { passkeyId } });
}

export async function anAuthenticatorApp({ ask, enter, fresh }: Guide): Promise<void> {
  const as = await enter(`${fresh('owner')}@staff.example`, 'owner');
  const proven = { as, json: { password: PASSWORD } };
  const { secret } = await ask('accounts.prepareAuthenticator', proven);
  await ask('accounts.confirmAuthenticator', { as, json: { code: codeShown(secret) } });
  await ask('accounts.removeAuthenticator', proven);
}

export async function rolesOfTheStaff({ ask, enter, fresh }: Guide): Promise<void> {
  const as = await enter(`${fresh('owner')}@staff.example`, 'owner');
  const role = { name: fresh('Role'), scopes: ['catalog:read'] };
  const { id: roleId } = await ask('accounts.createRole', { as, json: role });
  await ask('accounts.updateRole', { as, path: { roleId }, json: { ...role, scopes: ['orders:read'] } });
  await ask('accounts.deleteRole', { as, path: { roleId } });
}

export async function aTemplate({ ask }: Guide): Promise<void> {
  await ask('notifications.putTemplate', {
    path: { kind: 'orders.confirmed', channel: 'mail', locale: 'en' },
    json: { subject: 'Thank you', text: 'It is on its way.', html: '<p>It is on its way.</p>' },
  });
}

export async function anExperiment({ ask, fresh }: Guide): Promise<void> {
  const key = fresh('flag');
  const serve = [{ variant: 'on', weight: 1 }];
  await ask('marketing.putFlag', {
    path: { key },
    json: { enabled: true, variants: { on: true, off: false }, off: 'off', rules: [], serve },
  });
  const shares = ['on', 'off'].map((variant) => ({ variant, weight: 50 }));
  const plan = { name: fresh('Trial'), flagKey: key, control: 'off', shares, goal: 'bought' };
  const { id } = await ask('marketing.createExperiment', { json: plan });
  await ask('marketing.startExperiment', { path: { id } });
}

export async function aTransfer(guide: Guide): Promise<void> {
  const { ask, fresh } = guide;
  const { variantId } = await stocked(guide);
  const { id: to } = await ask('orders.createLocation', { json: { name: fresh('Barn'), priority: 9 } });
  const { levels } = await ask('orders.listLevels', { path: { variantId } });
  const { locationId: from } = levels.find(({ available }: Said) => available > 0);
  await ask('orders.transferStock', { path: { variantId }, json: { from, to, quantity: 1 } });
}
