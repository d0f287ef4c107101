/** What only the shops of the fuzzing and their recipes know. */

export interface TenantSecrets {
  readonly adminKey: string;
  readonly stripe: {
    readonly secretKey: string;
    readonly publishableKey: string;
    readonly webhookSecret: string;
  };
  readonly paypal: { readonly clientId: string; readonly clientSecret: string; readonly webhookId: string };
  /** Signs reports of mail providers. */
  readonly reports: string;
}

export function secretsOf(tenant: string): TenantSecrets {
  return {
    adminKey: `merchant-token-of-${tenant}-0001`,
    stripe: {
      secretKey: `sk_test_${tenant}00000001`,
      publishableKey: `pk_test_${tenant}00000001`,
      webhookSecret: `whsec_${tenant}00000001`,
    },
    paypal: {
      clientId: `client-of-${tenant}-000001`,
      clientSecret: `secret-of-${tenant}-000001`,
      webhookId: `WEBHOOK${tenant.toUpperCase()}`,
    },
    reports: `report-secret-of-${tenant}`,
  };
}
