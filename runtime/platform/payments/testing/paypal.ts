/** A payer in a browser, for tests: agrees at the stand-in's page, and is sent back to the shop. */

export type PayerChoice = 'approve' | 'decline' | 'dispute' | 'cancel';

/**
 * @param approveUrl of the intent
 * @returns where the browser is sent; undefined where the page says that there is nothing to approve
 */
export async function approveAsPayer(
  approveUrl: string,
  choice: PayerChoice = 'approve',
): Promise<string | undefined> {
  const answer = await fetch(approveUrl, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ outcome: choice }),
  });
  await answer.arrayBuffer();
  return answer.headers.get('location') ?? undefined;
}
