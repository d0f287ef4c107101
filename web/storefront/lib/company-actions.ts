'use server';
/** What members of a company do: ask for one, invite, set limits, approve. Each is a form's target, so it works without script too. */
import { revalidatePath } from 'next/cache';
import { redirect } from 'next/navigation';
import { ApiError } from '../../api-client/client.ts';
import type { FormState } from './actions.ts';
import { text } from './forms.ts';
import { limitsOf } from './limits.ts';
import { shop } from './shop.ts';

const PAGE = '/account/company';

export async function requestCompany(_: FormState, form: FormData): Promise<FormState> {
  const { api, words } = await shop();
  const values = {
    name: text(form, 'name', 200),
    country: text(form, 'country', 2),
    taxId: text(form, 'taxId', 40),
    message: text(form, 'message', 2_000).replaceAll('\r', ''),
  };
  const { taxId, ...rest } = values;
  try {
    await api.call('accounts.requestCompany', { body: { ...rest, ...(taxId === '' ? {} : { taxId }) } });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    return error.problems.some(({ where }) => where.endsWith('taxId'))
      ? { errors: { taxId: words.company.noTaxId }, values, key: '' }
      : { message: words.company.failed, errors: {}, values, key: '' };
  }
  revalidatePath(PAGE);
  redirect(PAGE);
}

export async function inviteToCompany(form: FormData): Promise<void> {
  const { api } = await shop();
  const limits = limitsOf(form);
  if (limits === undefined) redirect(`${PAGE}?failed=amount`);
  await done(
    api.call('accounts.inviteToCompany', {
      body: {
        email: text(form, 'email', 254),
        role: roleOf(form),
        ...(limits === null ? {} : { limits }),
      },
    }),
  );
}

export async function withdrawInvitation(form: FormData): Promise<void> {
  const { api } = await shop();
  const params = { invitationId: text(form, 'invitation') };
  await done(api.call('accounts.withdrawCompanyInvitation', { params }));
}

export async function updateMember(form: FormData): Promise<void> {
  const { api } = await shop();
  const params = { customerId: text(form, 'member') };
  if (text(form, 'remove') !== '') await done(api.call('accounts.removeCompanyMember', { params }));
  const limits = limitsOf(form);
  if (limits === undefined) redirect(`${PAGE}?failed=amount`);
  await done(api.call('accounts.updateCompanyMember', { params, body: { role: roleOf(form), limits } }));
}

export async function decideApproval(form: FormData): Promise<void> {
  const { api } = await shop();
  const message = text(form, 'message', 2_000).replaceAll('\r', '');
  const input = {
    params: { approvalId: text(form, 'approval') },
    body: message === '' ? {} : { message },
  };
  await done(
    text(form, 'decision') === 'approve'
      ? api.call('accounts.grantApproval', input)
      : api.call('accounts.declineApproval', input),
  );
}

export async function askOfferApproval(form: FormData): Promise<void> {
  const { api } = await shop();
  const token = text(form, 'token') || undefined;
  await done(
    api.call('orders.askOfferApproval', {
      params: { draftId: text(form, 'offer') },
      query: { token },
      body: {},
    }),
  );
}

/** Back to the page, which shows how it stands; and says so where it did not work. */
async function done(call: Promise<unknown>): Promise<never> {
  let target = PAGE;
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    target = `${PAGE}?failed=other`;
  }
  revalidatePath(PAGE);
  redirect(target);
}

function roleOf(form: FormData): 'admin' | 'approver' | 'buyer' {
  const role = text(form, 'role');
  return role === 'admin' || role === 'approver' ? role : 'buyer';
}
