'use server';
/** What members of a company do: ask for one, invite, set limits, approve. Each is a form's target, so it works without script too. */
import { revalidatePath } from 'next/cache';
import { redirect } from 'next/navigation';
import { ApiError } from '../../api-client/client.ts';
import type { Input } from '../../api-client/client.ts';
import { text } from './forms.ts';
import { minorUnits } from './money.ts';
import { shop } from './shop.ts';

const PAGE = '/account/company';

type Limits = NonNullable<Input<'accounts.inviteToCompany'>['body']['limits']>;

export async function requestCompany(form: FormData): Promise<void> {
  const { api } = await shop();
  const taxId = text(form, 'taxId', 40);
  await done(
    api.call('accounts.requestCompany', {
      body: {
        name: text(form, 'name', 200),
        country: text(form, 'country', 2),
        ...(taxId === '' ? {} : { taxId }),
        message: text(form, 'message', 2_000).replaceAll('\r', ''),
      },
    }),
  );
}

export async function inviteToCompany(form: FormData): Promise<void> {
  const { api } = await shop();
  const limits = limitsOf(form);
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
  await done(
    text(form, 'remove') === ''
      ? api.call('accounts.updateCompanyMember', {
          params,
          body: { role: roleOf(form), limits: limitsOf(form) },
        })
      : api.call('accounts.removeCompanyMember', { params }),
  );
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
    const where = error.problems[0]?.where ?? '';
    target = `${PAGE}?failed=${where.endsWith('taxId') ? 'taxId' : 'other'}`;
  }
  revalidatePath(PAGE);
  redirect(target);
}

function roleOf(form: FormData): 'admin' | 'approver' | 'buyer' {
  const role = text(form, 'role');
  return role === 'admin' || role === 'approver' ? role : 'buyer';
}

/** Fields that are left empty are no limit. */
function limitsOf(form: FormData): Limits | null {
  const currency = text(form, 'currency', 3);
  const perOrder = minorUnits(text(form, 'perOrder', 20), currency);
  const perPeriod = minorUnits(text(form, 'perPeriod', 20), currency);
  if (perOrder === undefined && perPeriod === undefined) return null;
  return {
    currency,
    period: 'month',
    ...(perOrder === undefined ? {} : { perOrder }),
    ...(perPeriod === undefined ? {} : { perPeriod }),
  };
}
