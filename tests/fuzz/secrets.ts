/** What only the shops of the fuzzing and their recipes know. */

export interface TenantSecrets {
  readonly adminKey: string;
  readonly stripe: {
    readonly secretKey: string;
    readonly publishableKey: string;
    readonly webhookSecret: string;
  };
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
    reports: `report-secret-of-${tenant}`,
  };
}
