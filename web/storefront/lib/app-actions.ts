'use server';
/** What a customer says of apps that they sign in to with their account here. */
import { revalidatePath } from 'next/cache';
import { cookies } from 'next/headers';
import { text } from './forms.ts';
import { COOKIES, orNothing, shop } from './shop.ts';

/** The page then leads on; where it is too late, it says so. */
export async function agreeToApp(form: FormData): Promise<void> {
  const [{ api }, jar] = await Promise.all([shop(), cookies()]);
  const ticket = jar.get(COOKIES.connect)?.value ?? '';
  const body = { id: text(form, 'id'), ticket };
  if (ticket !== '') await orNothing(api.call('accounts.agreeToConnection', { body }));
  revalidatePath('/connect');
}

export async function disconnectApp(form: FormData): Promise<void> {
  const { api } = await shop();
  await orNothing(api.call('accounts.disconnectApp', { params: { appId: text(form, 'app') } }));
  revalidatePath('/account');
}
