'use server';
/** What a customer does about where they are logged in. */
import { revalidatePath } from 'next/cache';
import { redirect } from 'next/navigation';
import { ApiError } from '../../api-client/client.ts';
import { forget } from './cookies.ts';
import { text } from './forms.ts';
import { COOKIES, orNothing, shop } from './shop.ts';

/** One of the others: this one has its own button. */
export async function endSession(form: FormData): Promise<void> {
  const { api } = await shop();
  await orNothing(api.call('accounts.endSession', { params: { sessionId: text(form, 'session') } }));
  revalidatePath('/account');
}

export async function signOutEverywhere(): Promise<void> {
  const { api } = await shop();
  try {
    await api.call('accounts.signOutEverywhere', {});
  } catch (error) {
    // This session is over already: the page that follows asks to log in, and then for the others.
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
  }
  await forget(COOKIES.session);
  revalidatePath('/', 'layout');
  redirect('/account');
}
