// Generated from runtime/domains/*/definition.ts by web/api-client/generate.ts. Do not edit.

/** Every operation: what it takes and what it answers. */
export interface Operations {
  /** The shop as its visitors may know it: name, branding, languages, currencies, what is switched on. */
  'host.getStore': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "displayName": string;
      "branding": Readonly<Record<string, unknown>>;
      "locales": readonly (string)[];
      "currencies": readonly (string)[];
      "domains": readonly (string)[];
    };
  };
  /** This description. */
  'host.getOpenApi': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** A GraphQL query, for those that are cached or persisted. Every other route is a field of it. */
  'host.askGraphql': {
    params: undefined;
    query: {
      "query"?: string | undefined;
      "operationName"?: string | undefined;
      "variables"?: string | undefined;
      "extensions"?: string | undefined;
    };
    body: undefined;
    response: {
      "data"?: Readonly<Record<string, unknown>> | null | undefined;
      "errors"?: readonly ({
        "message": string;
        "path"?: readonly (string | number)[] | undefined;
        "locations"?: readonly ({
          "line": number;
          "column": number;
        })[] | undefined;
        "extensions"?: Readonly<Record<string, unknown>> | undefined;
      })[] | undefined;
      "extensions"?: Readonly<Record<string, unknown>> | undefined;
    };
  };
  /** A GraphQL query or mutation. Every other route is a field of one of them. */
  'host.runGraphql': {
    params: undefined;
    query: undefined;
    body: {
      "query"?: string | null | undefined;
      "operationName"?: string | null | undefined;
      "variables"?: Readonly<Record<string, unknown>> | null | undefined;
      "extensions"?: {
        "persistedQuery"?: {
          "version": 1;
          "sha256Hash": string;
        } | undefined;
      } | null | undefined;
    };
    response: {
      "data"?: Readonly<Record<string, unknown>> | null | undefined;
      "errors"?: readonly ({
        "message": string;
        "path"?: readonly (string | number)[] | undefined;
        "locations"?: readonly ({
          "line": number;
          "column": number;
        })[] | undefined;
        "extensions"?: Readonly<Record<string, unknown>> | undefined;
      })[] | undefined;
      "extensions"?: Readonly<Record<string, unknown>> | undefined;
    };
  };
  /** Keys by which the merchant’s programs enter, the youngest first. */
  'host.listApiKeys': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "keys": readonly ({
        "id": string;
        "name": string;
        "hint": string;
        "scopes": readonly (string)[];
        "createdAt": string;
        "expiresAt": string | null;
        "usedAt": string | null;
        "revokedAt": string | null;
      })[];
    };
  };
  /** Make a key. It is shown this once; whoever asks twice has two. */
  'host.createApiKey': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "scopes": readonly ("accounts:read" | "accounts:write" | "analytics:read" | "analytics:write" | "catalog:read" | "catalog:write" | "chat:read" | "chat:write" | "marketing:read" | "marketing:write" | "media:read" | "media:write" | "notifications:read" | "notifications:write" | "orders:read" | "orders:write" | "payments:read" | "payments:write" | "recommendations:read" | "recommendations:write" | "webhooks:read" | "webhooks:write")[];
      "expiresAt"?: string | undefined;
    };
    response: {
      "id": string;
      "name": string;
      "hint": string;
      "scopes": readonly (string)[];
      "createdAt": string;
      "expiresAt": string | null;
      "usedAt": string | null;
      "revokedAt": string | null;
      "key": string;
    };
  };
  /** Revoke a key, at once. */
  'host.revokeApiKey': {
    params: {
      "keyId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** What merchants and their programs changed, and how it ended, the youngest first. */
  'host.listAudit': {
    params: undefined;
    query: {
      "before"?: number | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "entries": readonly ({
        "seq": number;
        "hash": string;
        "text": string;
        "at": string;
        "actor"?: string | undefined;
        "operation"?: string | undefined;
        "params"?: Readonly<Record<string, unknown>> | undefined;
        "requestId"?: string | undefined;
        "digest"?: string | undefined;
        "of"?: number | undefined;
        "outcome"?: string | undefined;
      })[];
      "head": {
        "seq": number;
        "hash": string;
      };
    };
  };
  /** Whether the log is as it was written, from an entry whose hash one has kept, or from the first. */
  'host.checkAudit': {
    params: undefined;
    query: {
      "seq"?: number | undefined;
      "hash"?: string | undefined;
    };
    body: undefined;
    response: {
      "intact": boolean;
      "brokenAt"?: number | undefined;
      "head": {
        "seq": number;
        "hash": string;
      };
    };
  };
  /** Ask for an account. A mail says how to go on; the answer is the same whether there is one of this address already. */
  'accounts.register': {
    params: undefined;
    query: undefined;
    body: {
      "email": string;
      "firstName"?: string | undefined;
      "lastName"?: string | undefined;
      "acceptsMarketing"?: boolean | undefined;
      "locale"?: string | undefined;
    };
    response: undefined;
  };
  /** Create the customer by the link of the mail, which is good once and for a day, and log in. */
  'accounts.confirmRegistration': {
    params: undefined;
    query: undefined;
    body: {
      "token": string;
      "password": string;
    };
    response: {
      "customer": {
        "id": string;
        "email": string;
        "firstName": string;
        "lastName": string;
        "acceptsMarketing": boolean;
        "locale": string | null;
        "createdAt": string;
        "version": number;
      };
      "token": string;
      "expiresAt": string;
    };
  };
  /** Exchange e-mail and password for a session. */
  'accounts.login': {
    params: undefined;
    query: undefined;
    body: {
      "email": string;
      "password": string;
    };
    response: {
      "customer": {
        "id": string;
        "email": string;
        "firstName": string;
        "lastName": string;
        "acceptsMarketing": boolean;
        "locale": string | null;
        "createdAt": string;
        "version": number;
      };
      "token": string;
      "expiresAt": string;
    };
  };
  /** End the present session. */
  'accounts.logout': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Exchange the session’s token for the next one. The one before is good for two minutes more; whoever comes with it later ends the session. */
  'accounts.renewSession': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "customer": {
        "id": string;
        "email": string;
        "firstName": string;
        "lastName": string;
        "acceptsMarketing": boolean;
        "locale": string | null;
        "createdAt": string;
        "version": number;
      };
      "token": string;
      "expiresAt": string;
    };
  };
  /** The customer who is logged in. */
  'accounts.getMe': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "email": string;
      "firstName": string;
      "lastName": string;
      "acceptsMarketing": boolean;
      "locale": string | null;
      "createdAt": string;
      "version": number;
    };
  };
  /** Everything that the shop has of the customer, from every domain, as JSON to keep. */
  'accounts.getMyData': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Whether the customer has asked to be forgotten, and until when that has to be done. */
  'accounts.getMyErasure': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "askedAt": string | null;
      "dueAt": string | null;
    };
  };
  /** Ask to be forgotten, by the password. What the books need is kept without the person. */
  'accounts.askForErasure': {
    params: undefined;
    query: undefined;
    body: {
      "password": string;
    };
    response: {
      "askedAt": string | null;
      "dueAt": string | null;
    };
  };
  /** Stay after all. */
  'accounts.withdrawErasure': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Customers who have asked to be forgotten, the oldest first; one that was erased is not there any more. */
  'accounts.adminListErasureRequests': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "requests": readonly ({
        "customerId": string;
        "email": string;
        "askedAt": string;
        "dueAt": string;
      })[];
    };
  };
  /** Change profile or password. */
  'accounts.updateMe': {
    params: undefined;
    query: undefined;
    body: {
      "firstName"?: string | undefined;
      "lastName"?: string | undefined;
      "acceptsMarketing"?: boolean | undefined;
      "locale"?: string | null | undefined;
      "password"?: {
        "present": string;
        "next": string;
      } | undefined;
    };
    response: {
      "id": string;
      "email": string;
      "firstName": string;
      "lastName": string;
      "acceptsMarketing": boolean;
      "locale": string | null;
      "createdAt": string;
      "version": number;
    };
  };
  /** The customer’s addresses, the default one first. */
  'accounts.listAddresses': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "addresses": readonly ({
        "name": string;
        "company": string;
        "line1": string;
        "line2": string;
        "city": string;
        "region": string;
        "postalCode": string;
        "country": string;
        "phone": string;
        "isDefault": boolean;
        "id": string;
      })[];
    };
  };
  /** Add an address. */
  'accounts.addAddress': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "company"?: string | undefined;
      "line1": string;
      "line2"?: string | undefined;
      "city": string;
      "region"?: string | undefined;
      "postalCode"?: string | undefined;
      "country": string;
      "phone"?: string | undefined;
      "isDefault"?: boolean | undefined;
    };
    response: {
      "name": string;
      "company": string;
      "line1": string;
      "line2": string;
      "city": string;
      "region": string;
      "postalCode": string;
      "country": string;
      "phone": string;
      "isDefault": boolean;
      "id": string;
    };
  };
  /** Replace an address. */
  'accounts.updateAddress': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "name": string;
      "company"?: string | undefined;
      "line1": string;
      "line2"?: string | undefined;
      "city": string;
      "region"?: string | undefined;
      "postalCode"?: string | undefined;
      "country": string;
      "phone"?: string | undefined;
      "isDefault"?: boolean | undefined;
    };
    response: {
      "name": string;
      "company": string;
      "line1": string;
      "line2": string;
      "city": string;
      "region": string;
      "postalCode": string;
      "country": string;
      "phone": string;
      "isDefault": boolean;
      "id": string;
    };
  };
  /** Delete an address. */
  'accounts.deleteAddress': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Have a link for a new password sent to a customer. The answer is the same whether there is one. */
  'accounts.forgetPassword': {
    params: undefined;
    query: undefined;
    body: {
      "email": string;
    };
    response: undefined;
  };
  /** Set the password of a customer by the link, which is good once and for an hour. Every session ends. */
  'accounts.resetPassword': {
    params: undefined;
    query: undefined;
    body: {
      "token": string;
      "password": string;
    };
    response: undefined;
  };
  /** Have a link for a new password sent to a member of the staff. The answer is the same whether there is one. */
  'accounts.forgetStaffPassword': {
    params: undefined;
    query: undefined;
    body: {
      "email": string;
    };
    response: undefined;
  };
  /** Set the password of a member of the staff by the link, which is good once and for an hour. Every session ends. */
  'accounts.resetStaffPassword': {
    params: undefined;
    query: undefined;
    body: {
      "token": string;
      "password": string;
    };
    response: undefined;
  };
  /** What the customer agreed to and took back, the youngest first. */
  'accounts.listConsents': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "consents": readonly ({
        "purpose": "marketing";
        "granted": boolean;
        "source": "registration" | "profile";
        "at": string;
      })[];
    };
  };
  /** Customers with an account, the youngest first, a page at a time. */
  'accounts.adminListCustomers': {
    params: undefined;
    query: {
      "q"?: string | undefined;
      "group"?: string | undefined;
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "customers": readonly ({
        "id": string;
        "email": string;
        "firstName": string;
        "lastName": string;
        "acceptsMarketing": boolean;
        "locale": string | null;
        "createdAt": string;
        "version": number;
        "groupIds": readonly (string)[];
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** A customer with addresses, groups and consents. */
  'accounts.adminGetCustomer': {
    params: {
      "customerId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "email": string;
      "firstName": string;
      "lastName": string;
      "acceptsMarketing": boolean;
      "locale": string | null;
      "createdAt": string;
      "version": number;
      "groupIds": readonly (string)[];
      "addresses": readonly ({
        "name": string;
        "company": string;
        "line1": string;
        "line2": string;
        "city": string;
        "region": string;
        "postalCode": string;
        "country": string;
        "phone": string;
        "isDefault": boolean;
        "id": string;
      })[];
      "consents": readonly ({
        "purpose": "marketing";
        "granted": boolean;
        "source": "registration" | "profile";
        "at": string;
      })[];
    };
  };
  /** Put a customer in these groups and no others. */
  'accounts.adminSetCustomerGroups': {
    params: {
      "customerId": string;
    };
    query: undefined;
    body: {
      "groupIds": readonly (string)[];
    };
    response: {
      "id": string;
      "email": string;
      "firstName": string;
      "lastName": string;
      "acceptsMarketing": boolean;
      "locale": string | null;
      "createdAt": string;
      "version": number;
      "groupIds": readonly (string)[];
    };
  };
  /** The groups of customers, by name, and how many are in each. */
  'accounts.adminListGroups': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "groups": readonly ({
        "id": string;
        "name": string;
        "createdAt": string;
        "customers": number;
      })[];
    };
  };
  /** Make a group of customers. Its name is its own. */
  'accounts.adminCreateGroup': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
    };
    response: {
      "id": string;
      "name": string;
      "createdAt": string;
      "customers": number;
    };
  };
  /** Rename a group. */
  'accounts.adminRenameGroup': {
    params: {
      "groupId": string;
    };
    query: undefined;
    body: {
      "name": string;
    };
    response: {
      "id": string;
      "name": string;
      "createdAt": string;
      "customers": number;
    };
  };
  /** Delete a group; its customers stay. */
  'accounts.adminDeleteGroup': {
    params: {
      "groupId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** The company that the customer buys for, and what they may do in it. */
  'accounts.getCompany': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "name": string;
      "country": string;
      "taxId": string | null;
      "state": "requested" | "approved" | "blocked";
      "netDays": number | null;
      "createdAt": string;
      "version": number;
      "addresses": readonly ({
        "name": string;
        "company": string;
        "line1": string;
        "line2": string;
        "city": string;
        "region": string;
        "postalCode": string;
        "country": string;
        "phone": string;
        "isDefault": boolean;
        "id": string;
      })[];
      "role": "admin" | "approver" | "buyer";
      "limits": {
        "currency": string;
        "perOrder"?: number | undefined;
        "perPeriod"?: number | undefined;
        "period": "day" | "week" | "month";
      } | null;
      "spent": number | null;
    };
  };
  /** Ask for a company account. The merchant decides; whoever asks becomes its first admin. */
  'accounts.requestCompany': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "country": string;
      "taxId"?: string | undefined;
      "address"?: {
        "name": string;
        "company"?: string | undefined;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode"?: string | undefined;
        "country": string;
        "phone"?: string | undefined;
        "isDefault"?: boolean | undefined;
      } | undefined;
      "message"?: string | undefined;
    };
    response: {
      "id": string;
      "name": string;
      "country": string;
      "taxId": string | null;
      "state": "requested" | "approved" | "blocked";
      "netDays": number | null;
      "createdAt": string;
      "version": number;
      "addresses": readonly ({
        "name": string;
        "company": string;
        "line1": string;
        "line2": string;
        "city": string;
        "region": string;
        "postalCode": string;
        "country": string;
        "phone": string;
        "isDefault": boolean;
        "id": string;
      })[];
      "role": "admin" | "approver" | "buyer";
      "limits": {
        "currency": string;
        "perOrder"?: number | undefined;
        "perPeriod"?: number | undefined;
        "period": "day" | "week" | "month";
      } | null;
      "spent": number | null;
    };
  };
  /** Become a member by the link of an invitation, which is good once and for a week. */
  'accounts.joinCompany': {
    params: undefined;
    query: undefined;
    body: {
      "token": string;
      "password"?: string | undefined;
    };
    response: undefined;
  };
  /** Add an address of the company; for its admins. */
  'accounts.addCompanyAddress': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "company"?: string | undefined;
      "line1": string;
      "line2"?: string | undefined;
      "city": string;
      "region"?: string | undefined;
      "postalCode"?: string | undefined;
      "country": string;
      "phone"?: string | undefined;
      "isDefault"?: boolean | undefined;
    };
    response: {
      "name": string;
      "company": string;
      "line1": string;
      "line2": string;
      "city": string;
      "region": string;
      "postalCode": string;
      "country": string;
      "phone": string;
      "isDefault": boolean;
      "id": string;
    };
  };
  /** Replace an address of the company; for its admins. */
  'accounts.updateCompanyAddress': {
    params: {
      "addressId": string;
    };
    query: undefined;
    body: {
      "name": string;
      "company"?: string | undefined;
      "line1": string;
      "line2"?: string | undefined;
      "city": string;
      "region"?: string | undefined;
      "postalCode"?: string | undefined;
      "country": string;
      "phone"?: string | undefined;
      "isDefault"?: boolean | undefined;
    };
    response: {
      "name": string;
      "company": string;
      "line1": string;
      "line2": string;
      "city": string;
      "region": string;
      "postalCode": string;
      "country": string;
      "phone": string;
      "isDefault": boolean;
      "id": string;
    };
  };
  /** Delete an address of the company; for its admins. */
  'accounts.deleteCompanyAddress': {
    params: {
      "addressId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Who buys for the company, and who was invited to; for its admins. */
  'accounts.listCompanyMembers': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "members": readonly ({
        "customerId": string;
        "email": string;
        "firstName": string;
        "lastName": string;
        "role": "admin" | "approver" | "buyer";
        "limits": {
          "currency": string;
          "perOrder"?: number | undefined;
          "perPeriod"?: number | undefined;
          "period": "day" | "week" | "month";
        } | null;
        "joinedAt": string;
      })[];
      "invitations": readonly ({
        "id": string;
        "email": string;
        "role": "admin" | "approver" | "buyer";
        "limits": {
          "currency": string;
          "perOrder"?: number | undefined;
          "perPeriod"?: number | undefined;
          "period": "day" | "week" | "month";
        } | null;
        "createdAt": string;
        "expiresAt": string;
      })[];
    };
  };
  /** Change a member’s role or limits; for admins. The last admin stays one. */
  'accounts.updateCompanyMember': {
    params: {
      "customerId": string;
    };
    query: undefined;
    body: {
      "role"?: "admin" | "approver" | "buyer" | undefined;
      "limits"?: {
        "currency": string;
        "perOrder"?: number | undefined;
        "perPeriod"?: number | undefined;
        "period"?: "day" | "week" | "month" | undefined;
      } | null | undefined;
    };
    response: {
      "customerId": string;
      "email": string;
      "firstName": string;
      "lastName": string;
      "role": "admin" | "approver" | "buyer";
      "limits": {
        "currency": string;
        "perOrder"?: number | undefined;
        "perPeriod"?: number | undefined;
        "period": "day" | "week" | "month";
      } | null;
      "joinedAt": string;
    };
  };
  /** Take a member out of the company; for admins, and for whoever leaves by themselves. */
  'accounts.removeCompanyMember': {
    params: {
      "customerId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Invite somebody by mail; for admins. Inviting again sends another link. */
  'accounts.inviteToCompany': {
    params: undefined;
    query: undefined;
    body: {
      "email": string;
      "role"?: "admin" | "approver" | "buyer" | undefined;
      "limits"?: {
        "currency": string;
        "perOrder"?: number | undefined;
        "perPeriod"?: number | undefined;
        "period"?: "day" | "week" | "month" | undefined;
      } | undefined;
    };
    response: {
      "id": string;
      "email": string;
      "role": "admin" | "approver" | "buyer";
      "limits": {
        "currency": string;
        "perOrder"?: number | undefined;
        "perPeriod"?: number | undefined;
        "period": "day" | "week" | "month";
      } | null;
      "createdAt": string;
      "expiresAt": string;
    };
  };
  /** Take an invitation back; for admins. Its link is good for nothing then. */
  'accounts.withdrawCompanyInvitation': {
    params: {
      "invitationId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** What members asked to have approved, the youngest first: the whole company’s for admins and approvers, their own for buyers. */
  'accounts.listApprovals': {
    params: undefined;
    query: {
      "state"?: "waiting" | "approved" | "declined" | "withdrawn" | undefined;
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "approvals": readonly ({
        "id": string;
        "state": "waiting" | "approved" | "declined" | "withdrawn" | "expired" | "ordered";
        "purchaseId": string;
        "requestedBy": {
          "customerId": string;
          "name": string;
        };
        "lines": readonly ({
          "variantId": string;
          "title": string;
          "variantTitle"?: string | undefined;
          "quantity": number;
          "unitPrice": number;
        })[];
        "total": {
          "amount": number;
          "currency": string;
        };
        "purchaseOrder": string | null;
        "message": string;
        "answer": string | null;
        "orderId": string | null;
        "createdAt": string;
        "decidedAt": string | null;
        "expiresAt": string;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** One of them, for whoever sees it in the list. */
  'accounts.getApproval': {
    params: {
      "approvalId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "state": "waiting" | "approved" | "declined" | "withdrawn" | "expired" | "ordered";
      "purchaseId": string;
      "requestedBy": {
        "customerId": string;
        "name": string;
      };
      "lines": readonly ({
        "variantId": string;
        "title": string;
        "variantTitle"?: string | undefined;
        "quantity": number;
        "unitPrice": number;
      })[];
      "total": {
        "amount": number;
        "currency": string;
      };
      "purchaseOrder": string | null;
      "message": string;
      "answer": string | null;
      "orderId": string | null;
      "createdAt": string;
      "decidedAt": string | null;
      "expiresAt": string;
    };
  };
  /** Let exactly this be bought, once; for admins and approvers other than who asked. */
  'accounts.grantApproval': {
    params: {
      "approvalId": string;
    };
    query: undefined;
    body: {
      "message"?: string | undefined;
    };
    response: {
      "id": string;
      "state": "waiting" | "approved" | "declined" | "withdrawn" | "expired" | "ordered";
      "purchaseId": string;
      "requestedBy": {
        "customerId": string;
        "name": string;
      };
      "lines": readonly ({
        "variantId": string;
        "title": string;
        "variantTitle"?: string | undefined;
        "quantity": number;
        "unitPrice": number;
      })[];
      "total": {
        "amount": number;
        "currency": string;
      };
      "purchaseOrder": string | null;
      "message": string;
      "answer": string | null;
      "orderId": string | null;
      "createdAt": string;
      "decidedAt": string | null;
      "expiresAt": string;
    };
  };
  /** Do not let this be bought; for admins and approvers other than who asked. */
  'accounts.declineApproval': {
    params: {
      "approvalId": string;
    };
    query: undefined;
    body: {
      "message"?: string | undefined;
    };
    response: {
      "id": string;
      "state": "waiting" | "approved" | "declined" | "withdrawn" | "expired" | "ordered";
      "purchaseId": string;
      "requestedBy": {
        "customerId": string;
        "name": string;
      };
      "lines": readonly ({
        "variantId": string;
        "title": string;
        "variantTitle"?: string | undefined;
        "quantity": number;
        "unitPrice": number;
      })[];
      "total": {
        "amount": number;
        "currency": string;
      };
      "purchaseOrder": string | null;
      "message": string;
      "answer": string | null;
      "orderId": string | null;
      "createdAt": string;
      "decidedAt": string | null;
      "expiresAt": string;
    };
  };
  /** Companies, the youngest first, a page at a time. */
  'accounts.adminListCompanies': {
    params: undefined;
    query: {
      "state"?: "requested" | "approved" | "blocked" | undefined;
      "q"?: string | undefined;
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "companies": readonly ({
        "id": string;
        "name": string;
        "country": string;
        "taxId": string | null;
        "state": "requested" | "approved" | "blocked";
        "netDays": number | null;
        "createdAt": string;
        "version": number;
        "message": string;
        "groupIds": readonly (string)[];
        "members": number;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** Enter a company, which is approved by that, and invite its first admin. */
  'accounts.adminCreateCompany': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "country": string;
      "taxId"?: string | undefined;
      "netDays"?: number | undefined;
      "admin"?: string | undefined;
    };
    response: {
      "id": string;
      "name": string;
      "country": string;
      "taxId": string | null;
      "state": "requested" | "approved" | "blocked";
      "netDays": number | null;
      "createdAt": string;
      "version": number;
      "message": string;
      "groupIds": readonly (string)[];
      "members": number;
    };
  };
  /** A company with its addresses, its members and whom they invited. */
  'accounts.adminGetCompany': {
    params: {
      "companyId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "name": string;
      "country": string;
      "taxId": string | null;
      "state": "requested" | "approved" | "blocked";
      "netDays": number | null;
      "createdAt": string;
      "version": number;
      "message": string;
      "groupIds": readonly (string)[];
      "members": number;
      "addresses": readonly ({
        "name": string;
        "company": string;
        "line1": string;
        "line2": string;
        "city": string;
        "region": string;
        "postalCode": string;
        "country": string;
        "phone": string;
        "isDefault": boolean;
        "id": string;
      })[];
      "people": readonly ({
        "customerId": string;
        "email": string;
        "firstName": string;
        "lastName": string;
        "role": "admin" | "approver" | "buyer";
        "limits": {
          "currency": string;
          "perOrder"?: number | undefined;
          "perPeriod"?: number | undefined;
          "period": "day" | "week" | "month";
        } | null;
        "joinedAt": string;
      })[];
      "invitations": readonly ({
        "id": string;
        "email": string;
        "role": "admin" | "approver" | "buyer";
        "limits": {
          "currency": string;
          "perOrder"?: number | undefined;
          "perPeriod"?: number | undefined;
          "period": "day" | "week" | "month";
        } | null;
        "createdAt": string;
        "expiresAt": string;
      })[];
    };
  };
  /** Change a company’s name, tax id or terms of payment. */
  'accounts.adminUpdateCompany': {
    params: {
      "companyId": string;
    };
    query: undefined;
    body: {
      "name"?: string | undefined;
      "taxId"?: string | null | undefined;
      "netDays"?: number | null | undefined;
    };
    response: {
      "id": string;
      "name": string;
      "country": string;
      "taxId": string | null;
      "state": "requested" | "approved" | "blocked";
      "netDays": number | null;
      "createdAt": string;
      "version": number;
      "message": string;
      "groupIds": readonly (string)[];
      "members": number;
    };
  };
  /** Let a company buy: one that asked, or one that was blocked. */
  'accounts.adminApproveCompany': {
    params: {
      "companyId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "name": string;
      "country": string;
      "taxId": string | null;
      "state": "requested" | "approved" | "blocked";
      "netDays": number | null;
      "createdAt": string;
      "version": number;
      "message": string;
      "groupIds": readonly (string)[];
      "members": number;
    };
  };
  /** Refuse a company, or end what it has here. Its members are customers like others then. */
  'accounts.adminBlockCompany': {
    params: {
      "companyId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "name": string;
      "country": string;
      "taxId": string | null;
      "state": "requested" | "approved" | "blocked";
      "netDays": number | null;
      "createdAt": string;
      "version": number;
      "message": string;
      "groupIds": readonly (string)[];
      "members": number;
    };
  };
  /** Put all of a company’s members in these groups and no others by it. */
  'accounts.adminSetCompanyGroups': {
    params: {
      "companyId": string;
    };
    query: undefined;
    body: {
      "groupIds": readonly (string)[];
    };
    response: {
      "id": string;
      "name": string;
      "country": string;
      "taxId": string | null;
      "state": "requested" | "approved" | "blocked";
      "netDays": number | null;
      "createdAt": string;
      "version": number;
      "message": string;
      "groupIds": readonly (string)[];
      "members": number;
    };
  };
  /** Invite somebody to a company by mail. */
  'accounts.adminInviteToCompany': {
    params: {
      "companyId": string;
    };
    query: undefined;
    body: {
      "email": string;
      "role"?: "admin" | "approver" | "buyer" | undefined;
      "limits"?: {
        "currency": string;
        "perOrder"?: number | undefined;
        "perPeriod"?: number | undefined;
        "period"?: "day" | "week" | "month" | undefined;
      } | undefined;
    };
    response: {
      "id": string;
      "email": string;
      "role": "admin" | "approver" | "buyer";
      "limits": {
        "currency": string;
        "perOrder"?: number | undefined;
        "perPeriod"?: number | undefined;
        "period": "day" | "week" | "month";
      } | null;
      "createdAt": string;
      "expiresAt": string;
    };
  };
  /** Change a member’s role or limits. */
  'accounts.adminUpdateCompanyMember': {
    params: {
      "companyId": string;
      "customerId": string;
    };
    query: undefined;
    body: {
      "role"?: "admin" | "approver" | "buyer" | undefined;
      "limits"?: {
        "currency": string;
        "perOrder"?: number | undefined;
        "perPeriod"?: number | undefined;
        "period"?: "day" | "week" | "month" | undefined;
      } | null | undefined;
    };
    response: {
      "customerId": string;
      "email": string;
      "firstName": string;
      "lastName": string;
      "role": "admin" | "approver" | "buyer";
      "limits": {
        "currency": string;
        "perOrder"?: number | undefined;
        "perPeriod"?: number | undefined;
        "period": "day" | "week" | "month";
      } | null;
      "joinedAt": string;
    };
  };
  /** Take a member out of a company. */
  'accounts.adminRemoveCompanyMember': {
    params: {
      "companyId": string;
      "customerId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Who runs the shop, and who was asked to. */
  'accounts.listStaff': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "staff": readonly ({
        "id": string;
        "email": string;
        "name": string;
        "roles": readonly (string)[];
        "state": "invited" | "active";
        "createdAt": string;
        "version": number;
      })[];
    };
  };
  /** Invite somebody by mail. Asked again before they have accepted, it sends another link and takes the new roles. */
  'accounts.inviteStaff': {
    params: undefined;
    query: undefined;
    body: {
      "email": string;
      "name"?: string | undefined;
      "roles": readonly (string)[];
    };
    response: {
      "id": string;
      "email": string;
      "name": string;
      "roles": readonly (string)[];
      "state": "invited" | "active";
      "createdAt": string;
      "version": number;
    };
  };
  /** Change name or roles, at once. The last owner stays one. */
  'accounts.updateStaff': {
    params: {
      "staffId": string;
    };
    query: undefined;
    body: {
      "name"?: string | undefined;
      "roles"?: readonly (string)[] | undefined;
    };
    response: {
      "id": string;
      "email": string;
      "name": string;
      "roles": readonly (string)[];
      "state": "invited" | "active";
      "createdAt": string;
      "version": number;
    };
  };
  /** Remove a member and end their sessions, at once. The last owner stays. */
  'accounts.removeStaff': {
    params: {
      "staffId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** The roles that every shop has, and its own. */
  'accounts.listRoles': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "roles": readonly ({
        "id": string;
        "name": string;
        "scopes": readonly (string)[];
        "isPreset": boolean;
      })[];
    };
  };
  /** Make a role of scopes. */
  'accounts.createRole': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "scopes": readonly (string)[];
    };
    response: {
      "id": string;
      "name": string;
      "scopes": readonly (string)[];
      "isPreset": boolean;
    };
  };
  /** Change a role of the shop’s own; whoever has it may do the new at once. */
  'accounts.updateRole': {
    params: {
      "roleId": string;
    };
    query: undefined;
    body: {
      "name": string;
      "scopes": readonly (string)[];
    };
    response: {
      "id": string;
      "name": string;
      "scopes": readonly (string)[];
      "isPreset": boolean;
    };
  };
  /** Delete a role of the shop’s own that nobody has. */
  'accounts.deleteRole': {
    params: {
      "roleId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** The member of the staff who is signed in, and what they may do. */
  'accounts.getStaffSelf': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "email": string;
      "name": string;
      "roles": readonly (string)[];
      "state": "invited" | "active";
      "createdAt": string;
      "version": number;
      "scopes": readonly (string)[];
      "hasAuthenticator": boolean;
    };
  };
  /** Change one’s own name or password. */
  'accounts.updateStaffSelf': {
    params: undefined;
    query: undefined;
    body: {
      "name"?: string | undefined;
      "password"?: {
        "present": string;
        "next": string;
      } | undefined;
    };
    response: {
      "id": string;
      "email": string;
      "name": string;
      "roles": readonly (string)[];
      "state": "invited" | "active";
      "createdAt": string;
      "version": number;
    };
  };
  /** A secret for an authenticator app, shown once. Nothing changes until a code of it was confirmed. */
  'accounts.prepareAuthenticator': {
    params: undefined;
    query: undefined;
    body: {
      "password": string;
    };
    response: {
      "secret": string;
      "uri": string;
    };
  };
  /** From now on signing in by password wants a code of the app. The recovery codes are for who loses it: shown once, good once each. */
  'accounts.confirmAuthenticator': {
    params: undefined;
    query: undefined;
    body: {
      "code": string;
    };
    response: {
      "recoveryCodes": readonly (string)[];
    };
  };
  /** Sign in without a code again. */
  'accounts.removeAuthenticator': {
    params: undefined;
    query: undefined;
    body: {
      "password": string;
    };
    response: undefined;
  };
  /** For a member who has lost app and recovery codes: they sign in without a code again. */
  'accounts.resetAuthenticator': {
    params: {
      "staffId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Join the staff by the link of an invitation, which is good once, and sign in. */
  'accounts.acceptInvitation': {
    params: undefined;
    query: undefined;
    body: {
      "token": string;
      "password": string;
      "name"?: string | undefined;
    };
    response: {
      "staff": {
        "id": string;
        "email": string;
        "name": string;
        "roles": readonly (string)[];
        "state": "invited" | "active";
        "createdAt": string;
        "version": number;
      };
      "token": string;
      "staleAt": string;
      "expiresAt": string;
    };
  };
  /** Exchange e-mail and password of a member of the staff for a session. */
  'accounts.signInStaff': {
    params: undefined;
    query: undefined;
    body: {
      "email": string;
      "password": string;
      "code"?: string | undefined;
    };
    response: {
      "staff": {
        "id": string;
        "email": string;
        "name": string;
        "roles": readonly (string)[];
        "state": "invited" | "active";
        "createdAt": string;
        "version": number;
      };
      "token": string;
      "staleAt": string;
      "expiresAt": string;
    };
  };
  /** Exchange the token of a session for the next one. A token that comes a second time ends the session: one of the two who have it has stolen it. */
  'accounts.renewStaffSession': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "staff": {
        "id": string;
        "email": string;
        "name": string;
        "roles": readonly (string)[];
        "state": "invited" | "active";
        "createdAt": string;
        "version": number;
      };
      "token": string;
      "staleAt": string;
      "expiresAt": string;
    };
  };
  /** End the session of a member of the staff. */
  'accounts.signOutStaff': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** By which accounts elsewhere one may sign in. */
  'accounts.listSignInProviders': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "providers": readonly ({
        "id": string;
        "name": string;
      })[];
    };
  };
  /** For a browser: leads to the provider, who sends it back. */
  'accounts.beginProviderSignIn': {
    params: {
      "providerId": string;
    };
    query: {
      "onwards"?: string | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** For a browser: where the provider sends it back to. Signs in, and leads to where they came from. */
  'accounts.endProviderSignIn': {
    params: {
      "providerId": string;
    };
    query: {
      "state"?: string | undefined;
      "code"?: string | undefined;
      "error"?: string | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** The same for a browser whose provider has it post what it brings back, as Apple does. A form. */
  'accounts.endPostedProviderSignIn': {
    params: {
      "providerId": string;
    };
    query: undefined;
    body: string;
    response: undefined;
  };
  /** The accounts elsewhere by which the customer signs in. */
  'accounts.listIdentities': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "identities": readonly ({
        "id": string;
        "provider": {
          "id": string;
          "name": string;
        };
        "email": string;
        "createdAt": string;
        "usedAt": string;
      })[];
    };
  };
  /** Sign in by it no more. Who has no password has one sent a link for by their mail. */
  'accounts.removeIdentity': {
    params: {
      "identityId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** By which accounts elsewhere customers may sign in, and what each provider has to be told. */
  'accounts.adminListSignInProviders': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "providers": readonly ({
        "id": string;
        "name": string;
        "issuer": string;
        "clientId": string;
        "hasSecret": boolean;
        "apple": {
          "teamId": string;
          "keyId": string;
        } | null;
        "enabled": boolean;
        "callbacks": readonly (string)[];
        "updatedAt": string;
      })[];
    };
  };
  /** Let customers sign in by an OpenID provider. It is asked first, and has to be the one it is said to be. */
  'accounts.adminPutSignInProvider': {
    params: {
      "providerId": string;
    };
    query: undefined;
    body: {
      "name": string;
      "issuer": string;
      "clientId": string;
      "clientSecret"?: string | null | undefined;
      "apple"?: {
        "teamId": string;
        "keyId": string;
        "privateKey": string;
      } | undefined;
      "enabled"?: boolean | undefined;
    };
    response: {
      "id": string;
      "name": string;
      "issuer": string;
      "clientId": string;
      "hasSecret": boolean;
      "apple": {
        "teamId": string;
        "keyId": string;
      } | null;
      "enabled": boolean;
      "callbacks": readonly (string)[];
      "updatedAt": string;
    };
  };
  /** Let nobody sign in by it any more, and forget who did. */
  'accounts.adminDeleteSignInProvider': {
    params: {
      "providerId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Apps that shoppers may sign in to with their account here. */
  'accounts.adminListApps': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "apps": readonly ({
        "id": string;
        "name": string;
        "kind": "public" | "confidential";
        "redirectUris": readonly (string)[];
        "logoutUris": readonly (string)[];
        "scopes": readonly ("openid" | "profile" | "email" | "offline_access")[];
        "enabled": boolean;
        "createdAt": string;
        "updatedAt": string;
      })[];
    };
  };
  /** Register an app. Its secret is shown this once; whoever asks twice has two. */
  'accounts.adminCreateApp': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "redirectUris": readonly (string)[];
      "logoutUris"?: readonly (string)[] | undefined;
      "scopes"?: readonly ("openid" | "profile" | "email" | "offline_access")[] | undefined;
      "enabled"?: boolean | undefined;
      "kind": "public" | "confidential";
    };
    response: {
      "id": string;
      "name": string;
      "kind": "public" | "confidential";
      "redirectUris": readonly (string)[];
      "logoutUris": readonly (string)[];
      "scopes": readonly ("openid" | "profile" | "email" | "offline_access")[];
      "enabled": boolean;
      "createdAt": string;
      "updatedAt": string;
      "secret": string | null;
    };
  };
  /** Change an app. One that is switched off signs nobody in, and what it holds is good for nothing. */
  'accounts.adminPutApp': {
    params: {
      "appId": string;
    };
    query: undefined;
    body: {
      "name": string;
      "redirectUris": readonly (string)[];
      "logoutUris"?: readonly (string)[] | undefined;
      "scopes"?: readonly ("openid" | "profile" | "email" | "offline_access")[] | undefined;
      "enabled"?: boolean | undefined;
    };
    response: {
      "id": string;
      "name": string;
      "kind": "public" | "confidential";
      "redirectUris": readonly (string)[];
      "logoutUris": readonly (string)[];
      "scopes": readonly ("openid" | "profile" | "email" | "offline_access")[];
      "enabled": boolean;
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Give a confidential app another secret, which is shown this once. The one before is good no more. */
  'accounts.adminRenewAppSecret': {
    params: {
      "appId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "name": string;
      "kind": "public" | "confidential";
      "redirectUris": readonly (string)[];
      "logoutUris": readonly (string)[];
      "scopes": readonly ("openid" | "profile" | "email" | "offline_access")[];
      "enabled": boolean;
      "createdAt": string;
      "updatedAt": string;
      "secret": string | null;
    };
  };
  /** Forget an app, and who signed in to it. */
  'accounts.adminDeleteApp': {
    params: {
      "appId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** For a browser: an app has somebody sign in. It is sent back with a code once they have agreed, with an error else; to nowhere for an app that is not known, or not there. */
  'accounts.authorizeApp': {
    params: undefined;
    query: {
      "client_id"?: string | undefined;
      "redirect_uri"?: string | undefined;
      "response_type"?: string | undefined;
      "response_mode"?: string | undefined;
      "scope"?: string | undefined;
      "state"?: string | undefined;
      "nonce"?: string | undefined;
      "code_challenge"?: string | undefined;
      "code_challenge_method"?: string | undefined;
      "prompt"?: string | undefined;
      "max_age"?: string | undefined;
      "id_token_hint"?: string | undefined;
      "request"?: string | undefined;
      "request_uri"?: string | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** For a browser: goes on with the sign-in to an app that it has begun. */
  'accounts.continueAppSignIn': {
    params: undefined;
    query: {
      "id": string;
    };
    body: undefined;
    response: undefined;
  };
  /** For a browser: says no to the app, and goes back there. */
  'accounts.declineAppSignIn': {
    params: undefined;
    query: {
      "id": string;
    };
    body: undefined;
    response: undefined;
  };
  /** For the page between: which app it is, what it would learn, and what is missing. */
  'accounts.getConnection': {
    params: undefined;
    query: {
      "id": string;
      "ticket": string;
    };
    body: undefined;
    response: {
      "app": string;
      "scopes": readonly ("openid" | "profile" | "email" | "offline_access")[];
      "lacking": "sign-in" | "consent" | null;
    };
  };
  /** Agree that the app learns what it asks for, now and whenever it asks again. */
  'accounts.agreeToConnection': {
    params: undefined;
    query: undefined;
    body: {
      "id": string;
      "ticket": string;
    };
    response: undefined;
  };
  /** For a browser: an app has signed somebody out, and by its token of theirs they are here, too (OpenID Connect RP-Initiated Logout). */
  'accounts.endSessionFromApp': {
    params: undefined;
    query: {
      "id_token_hint"?: string | undefined;
      "client_id"?: string | undefined;
      "post_logout_redirect_uri"?: string | undefined;
      "state"?: string | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** Apps that the customer is connected with, and what each learns. */
  'accounts.listMyApps': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "apps": readonly ({
        "id": string;
        "name": string;
        "scopes": readonly ("openid" | "profile" | "email" | "offline_access")[];
        "connectedAt": string;
      })[];
    };
  };
  /** Let an app learn nothing any more: what it holds is good for nothing. */
  'accounts.disconnectApp': {
    params: {
      "appId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Where one is signed in, the session that asks first, then those that were used last. */
  'accounts.listSessions': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "sessions": readonly ({
        "id": string;
        "browser": string | null;
        "system": string | null;
        "startedAt": string;
        "seenAt": string;
        "expiresAt": string;
        "isCurrent": boolean;
      })[];
    };
  };
  /** Sign out there. */
  'accounts.endSession': {
    params: {
      "sessionId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Sign out everywhere at once, here too, and at every app that was signed in to by this account. A mail tells of it. */
  'accounts.signOutEverywhere': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Where one is signed in, the session that asks first, then those that were used last. */
  'accounts.listStaffSessions': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "sessions": readonly ({
        "id": string;
        "browser": string | null;
        "system": string | null;
        "startedAt": string;
        "seenAt": string;
        "expiresAt": string;
        "isCurrent": boolean;
      })[];
    };
  };
  /** Sign out there. */
  'accounts.endStaffSession': {
    params: {
      "sessionId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Sign out everywhere at once, here too. A mail tells of it. */
  'accounts.signOutStaffEverywhere': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** One’s own passkeys, the youngest first. */
  'accounts.listPasskeys': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "passkeys": readonly ({
        "id": string;
        "name": string;
        "createdAt": string;
        "usedAt": string | null;
      })[];
    };
  };
  /** What the browser is to make a passkey of. It wants the password: who finds somebody’s browser open cannot stay. */
  'accounts.preparePasskey': {
    params: undefined;
    query: undefined;
    body: {
      "password": string;
    };
    response: {
      "challenge": string;
      "rp": {
        "id": string;
        "name": string;
      };
      "user": {
        "id": string;
        "name": string;
        "displayName": string;
      };
      "pubKeyCredParams": readonly ({
        "type": "public-key";
        "alg": number;
      })[];
      "timeout": number;
      "excludeCredentials": readonly ({
        "type": "public-key";
        "id": string;
        "transports": readonly (string)[];
      })[];
      "authenticatorSelection": {
        "residentKey": string;
        "userVerification": string;
      };
      "attestation": string;
    };
  };
  /** Add the passkey that the browser has made. */
  'accounts.addPasskey': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "credential": {
        "id": string;
        "rawId": string;
        "type": "public-key";
        "response": {
          "clientDataJSON": string;
          "attestationObject": string;
          "transports"?: readonly (string)[] | undefined;
        };
      };
    };
    response: {
      "id": string;
      "name": string;
      "createdAt": string;
      "usedAt": string | null;
    };
  };
  /** Remove a passkey. */
  'accounts.removePasskey': {
    params: {
      "passkeyId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** What a passkey is to sign. It tells of no account. */
  'accounts.preparePasskeySignIn': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "challenge": string;
      "rpId": string;
      "timeout": number;
      "userVerification": string;
    };
  };
  /** Exchange what a passkey has signed for a session. */
  'accounts.signInWithPasskey': {
    params: undefined;
    query: undefined;
    body: {
      "credential": {
        "id": string;
        "rawId": string;
        "type": "public-key";
        "response": {
          "clientDataJSON": string;
          "authenticatorData": string;
          "signature": string;
          "userHandle"?: string | null | undefined;
        };
      };
    };
    response: {
      "customer": {
        "id": string;
        "email": string;
        "firstName": string;
        "lastName": string;
        "acceptsMarketing": boolean;
        "locale": string | null;
        "createdAt": string;
        "version": number;
      };
      "token": string;
      "expiresAt": string;
    };
  };
  /** One’s own passkeys, the youngest first. */
  'accounts.listStaffPasskeys': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "passkeys": readonly ({
        "id": string;
        "name": string;
        "createdAt": string;
        "usedAt": string | null;
      })[];
    };
  };
  /** What the browser is to make a passkey of. It wants the password: who finds somebody’s browser open cannot stay. */
  'accounts.prepareStaffPasskey': {
    params: undefined;
    query: undefined;
    body: {
      "password": string;
    };
    response: {
      "challenge": string;
      "rp": {
        "id": string;
        "name": string;
      };
      "user": {
        "id": string;
        "name": string;
        "displayName": string;
      };
      "pubKeyCredParams": readonly ({
        "type": "public-key";
        "alg": number;
      })[];
      "timeout": number;
      "excludeCredentials": readonly ({
        "type": "public-key";
        "id": string;
        "transports": readonly (string)[];
      })[];
      "authenticatorSelection": {
        "residentKey": string;
        "userVerification": string;
      };
      "attestation": string;
    };
  };
  /** Add the passkey that the browser has made. */
  'accounts.addStaffPasskey': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "credential": {
        "id": string;
        "rawId": string;
        "type": "public-key";
        "response": {
          "clientDataJSON": string;
          "attestationObject": string;
          "transports"?: readonly (string)[] | undefined;
        };
      };
    };
    response: {
      "id": string;
      "name": string;
      "createdAt": string;
      "usedAt": string | null;
    };
  };
  /** Remove a passkey. */
  'accounts.removeStaffPasskey': {
    params: {
      "passkeyId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** What a passkey is to sign. It tells of no account. */
  'accounts.prepareStaffPasskeySignIn': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "challenge": string;
      "rpId": string;
      "timeout": number;
      "userVerification": string;
    };
  };
  /** Exchange what a passkey has signed for a session. */
  'accounts.signInStaffWithPasskey': {
    params: undefined;
    query: undefined;
    body: {
      "credential": {
        "id": string;
        "rawId": string;
        "type": "public-key";
        "response": {
          "clientDataJSON": string;
          "authenticatorData": string;
          "signature": string;
          "userHandle"?: string | null | undefined;
        };
      };
    };
    response: {
      "staff": {
        "id": string;
        "email": string;
        "name": string;
        "roles": readonly (string)[];
        "state": "invited" | "active";
        "createdAt": string;
        "version": number;
      };
      "token": string;
      "staleAt": string;
      "expiresAt": string;
    };
  };
  /** Where the links of messages lead: the token is behind the #, which no server is told. */
  'accounts.showPage': {
    params: {
      "page": "join" | "register" | "reset" | "staff-reset" | "company" | "company-member";
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** What a page saw, up to fifty events at once; also by navigator.sendBeacon. Asked for by nobody: an answer may be ignored. */
  'analytics.tell': {
    params: undefined;
    query: undefined;
    body: {
      "id": string;
      "session": string;
      "visitor"?: string | undefined;
      "events": readonly ({
        "kind": "view";
        "ageMs"?: number | undefined;
        "path": string;
        "referrer"?: string | undefined;
        "productId"?: string | undefined;
      } | {
        "kind": "search";
        "ageMs"?: number | undefined;
        "query": string;
        "results": number;
      } | {
        "kind": "click";
        "ageMs"?: number | undefined;
        "query": string;
        "productId": string;
        "place": number;
      } | {
        "kind": "cart";
        "ageMs"?: number | undefined;
        "productId": string;
        "quantity"?: number | undefined;
      } | {
        "kind": "checkout";
        "ageMs"?: number | undefined;
      } | {
        "kind": "purchase";
        "ageMs"?: number | undefined;
      })[];
    };
    response: {
      "accepted": number;
    };
  };
  /** Orders, money, visits and conversion of a time, beside as long a time before it. */
  'analytics.getOverview': {
    params: undefined;
    query: {
      "from"?: string | undefined;
      "to"?: string | undefined;
      "zone"?: string | undefined;
      "currency"?: string | undefined;
      "format"?: "json" | "csv" | undefined;
    };
    body: undefined;
    response: {
      "from": string;
      "to": string;
      "zone": string;
      "currency": string;
      "current": {
        "orders": number;
        "items": number;
        "gross": number;
        "refunds": number;
        "net": number;
        "averageOrder": number;
        "sessions": number;
        "visitors": number;
        "views": number;
        "conversion": number | null;
      };
      "previous": {
        "orders": number;
        "items": number;
        "gross": number;
        "refunds": number;
        "net": number;
        "averageOrder": number;
        "sessions": number;
        "visitors": number;
        "views": number;
        "conversion": number | null;
      };
    };
  };
  /** Paid orders and what was returned, by quarter of an hour, hour, day, week or month of the shop’s time zone. */
  'analytics.getRevenue': {
    params: undefined;
    query: {
      "from"?: string | undefined;
      "to"?: string | undefined;
      "zone"?: string | undefined;
      "currency"?: string | undefined;
      "bucket"?: "quarter" | "hour" | "day" | "week" | "month" | undefined;
      "format"?: "json" | "csv" | undefined;
    };
    body: undefined;
    response: {
      "from": string;
      "to": string;
      "zone": string;
      "currency": string;
      "points": readonly ({
        "orders": number;
        "items": number;
        "gross": number;
        "refunds": number;
        "net": number;
        "at": string;
      })[];
    };
  };
  /** How often something happened, as a whole or for one value of a dimension. */
  'analytics.getSeries': {
    params: undefined;
    query: {
      "from"?: string | undefined;
      "to"?: string | undefined;
      "zone"?: string | undefined;
      "currency"?: string | undefined;
      "kind": "view" | "search" | "click" | "cart" | "checkout" | "purchase" | "order" | "sale" | "progress" | "payment" | "message";
      "bucket"?: "quarter" | "hour" | "day" | "week" | "month" | undefined;
      "dimension"?: string | undefined;
      "value"?: string | undefined;
      "subjects"?: string | undefined;
      "format"?: "json" | "csv" | undefined;
    };
    body: undefined;
    response: {
      "from": string;
      "to": string;
      "zone": string;
      "points": readonly ({
        "at": string;
        "count": number;
        "sums": Readonly<Record<string, number>>;
        "subjects"?: number | undefined;
      })[];
    };
  };
  /** The values of a dimension that come first: products by revenue, pages by views, searches without results. */
  'analytics.getTop': {
    params: undefined;
    query: {
      "from"?: string | undefined;
      "to"?: string | undefined;
      "zone"?: string | undefined;
      "currency"?: string | undefined;
      "kind": "view" | "search" | "click" | "cart" | "checkout" | "purchase" | "order" | "sale" | "progress" | "payment" | "message";
      "dimension": string;
      "by"?: string | undefined;
      "limit"?: number | undefined;
      "format"?: "json" | "csv" | undefined;
    };
    body: undefined;
    response: {
      "from": string;
      "to": string;
      "zone": string;
      "values": readonly ({
        "value": string;
        "title"?: string | undefined;
        "count": number;
        "sums": Readonly<Record<string, number>>;
      })[];
    };
  };
  /** What was searched, what found nothing, and how often something was chosen from what was found. */
  'analytics.getSearches': {
    params: undefined;
    query: {
      "from"?: string | undefined;
      "to"?: string | undefined;
      "zone"?: string | undefined;
      "bucket"?: "quarter" | "hour" | "day" | "week" | "month" | undefined;
      "query"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "from": string;
      "to": string;
      "zone": string;
      "totals": {
        "searches": number;
        "withoutResults": number;
        "clicks": number;
        "clickThrough": number | null;
      };
      "points": readonly ({
        "searches": number;
        "withoutResults": number;
        "clicks": number;
        "clickThrough": number | null;
        "at": string;
      })[];
      "queries": readonly ({
        "searches": number;
        "withoutResults": number;
        "clicks": number;
        "clickThrough": number | null;
        "query": string;
        "results": number;
        "averagePlace": number | null;
      })[];
      "unanswered": readonly ({
        "searches": number;
        "withoutResults": number;
        "clicks": number;
        "clickThrough": number | null;
        "query": string;
        "results": number;
        "averagePlace": number | null;
      })[];
    };
  };
  /** How many visits did the first step, and the second after it, and so on. */
  'analytics.getFunnel': {
    params: undefined;
    query: {
      "from"?: string | undefined;
      "to"?: string | undefined;
      "zone"?: string | undefined;
      "steps"?: string | undefined;
      "withinMinutes"?: number | undefined;
      "format"?: "json" | "csv" | undefined;
    };
    body: undefined;
    response: {
      "from": string;
      "to": string;
      "zone": string;
      "steps": readonly ({
        "step": string;
        "sessions": number;
        "share": number | null;
      })[];
    };
  };
  /** Visits where they began: how many, how long, and how many saw one page only. */
  'analytics.getSessions': {
    params: undefined;
    query: {
      "from"?: string | undefined;
      "to"?: string | undefined;
      "zone"?: string | undefined;
      "bucket"?: "quarter" | "hour" | "day" | "week" | "month" | undefined;
      "format"?: "json" | "csv" | undefined;
    };
    body: undefined;
    response: {
      "from": string;
      "to": string;
      "zone": string;
      "points": readonly ({
        "at": string;
        "sessions": number;
        "visitors": number;
        "views": number;
        "bounces": number;
        "seconds": number;
      })[];
    };
  };
  /** Customers by when they first bought, and how many of them bought again. */
  'analytics.getCohorts': {
    params: undefined;
    query: {
      "from"?: string | undefined;
      "to"?: string | undefined;
      "zone"?: string | undefined;
      "currency"?: string | undefined;
      "bucket"?: "day" | "week" | "month" | undefined;
      "periods"?: number | undefined;
      "format"?: "json" | "csv" | undefined;
    };
    body: undefined;
    response: {
      "from": string;
      "to": string;
      "zone": string;
      "currency": string;
      "cohorts": readonly ({
        "at": string;
        "customers": number;
        "periods": readonly ({
          "offset": number;
          "customers": number;
          "share": number;
          "orders": number;
          "amount": number;
        })[];
      })[];
    };
  };
  /** Views, visitors and orders of the last half hour, by minute. */
  'analytics.getLive': {
    params: undefined;
    query: {
      "currency"?: string | undefined;
    };
    body: undefined;
    response: {
      "at": string;
      "currency": string;
      "minutes": readonly ({
        "at": string;
        "views": number;
        "visitors": number;
        "orders": number;
        "amount": number;
      })[];
    };
  };
  /** Every fact of a kind, as CSV or as one JSON object a line. */
  'analytics.exportFacts': {
    params: undefined;
    query: {
      "from"?: string | undefined;
      "to"?: string | undefined;
      "zone"?: string | undefined;
      "currency"?: string | undefined;
      "kind": "view" | "search" | "click" | "cart" | "checkout" | "purchase" | "order" | "sale" | "progress" | "payment" | "message";
      "format"?: "csv" | "ndjson" | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** Published products, filtered, sorted, searched, in pages. */
  'catalog.listProducts': {
    params: undefined;
    query: {
      "q"?: string | undefined;
      "collection"?: string | undefined;
      "tag"?: string | undefined;
      "type"?: string | undefined;
      "vendor"?: string | undefined;
      "minPrice"?: number | undefined;
      "maxPrice"?: number | undefined;
      "minRating"?: number | undefined;
      "available"?: "true" | undefined;
      "currency"?: string | undefined;
      "locale"?: string | undefined;
      "sort"?: "featured" | "title-asc" | "title-desc" | "price-asc" | "price-desc" | "newest" | "rating" | "relevance" | undefined;
      "limit"?: number | undefined;
      "cursor"?: string | undefined;
    };
    body: undefined;
    response: {
      "products": readonly ({
        "id": string;
        "handle": string;
        "title": string;
        "vendor": string;
        "type": string;
        "tags": readonly (string)[];
        "image": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "secondImage": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "priceRange": {
          "min": {
            "amount": number;
            "currency": string;
          };
          "max": {
            "amount": number;
            "currency": string;
          };
        } | null;
        "compareAtPrice": {
          "amount": number;
          "currency": string;
        } | null;
        "variantIds": readonly (string)[];
        "options": readonly ({
          "name": string;
          "values": readonly (string)[];
        })[];
        "publishedAt": string | null;
        "rating": {
          "average": number;
          "count": number;
        } | null;
      })[];
      "nextCursor": string | null;
      "total": number | null;
      "currency": string;
      "facets": {
        "types": readonly ({
          "value": string;
          "count": number;
        })[];
        "vendors": readonly ({
          "value": string;
          "count": number;
        })[];
        "tags": readonly ({
          "value": string;
          "count": number;
        })[];
      } | null;
      "search": "words" | "similar" | "meaning" | "some" | "nothing" | "plain" | null;
      "didYouMean": string | null;
      "instead": readonly ({
        "id": string;
        "handle": string;
        "title": string;
        "vendor": string;
        "type": string;
        "tags": readonly (string)[];
        "image": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "secondImage": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "priceRange": {
          "min": {
            "amount": number;
            "currency": string;
          };
          "max": {
            "amount": number;
            "currency": string;
          };
        } | null;
        "compareAtPrice": {
          "amount": number;
          "currency": string;
        } | null;
        "variantIds": readonly (string)[];
        "options": readonly ({
          "name": string;
          "values": readonly (string)[];
        })[];
        "publishedAt": string | null;
        "rating": {
          "average": number;
          "count": number;
        } | null;
      })[];
      "placed": readonly (string)[];
    };
  };
  /** Published products by their ids, up to a hundred at once. */
  'catalog.listProductsByIds': {
    params: undefined;
    query: {
      "ids": string;
      "currency"?: string | undefined;
      "locale"?: string | undefined;
    };
    body: undefined;
    response: {
      "products": readonly ({
        "id": string;
        "handle": string;
        "title": string;
        "vendor": string;
        "type": string;
        "tags": readonly (string)[];
        "image": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "secondImage": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "priceRange": {
          "min": {
            "amount": number;
            "currency": string;
          };
          "max": {
            "amount": number;
            "currency": string;
          };
        } | null;
        "compareAtPrice": {
          "amount": number;
          "currency": string;
        } | null;
        "variantIds": readonly (string)[];
        "options": readonly ({
          "name": string;
          "values": readonly (string)[];
        })[];
        "publishedAt": string | null;
        "rating": {
          "average": number;
          "count": number;
        } | null;
      })[];
    };
  };
  /** Products that somebody who is still typing may mean. */
  'catalog.suggestProducts': {
    params: undefined;
    query: {
      "q": string;
      "limit"?: number | undefined;
      "locale"?: string | undefined;
    };
    body: undefined;
    response: {
      "products": readonly ({
        "handle": string;
        "title": string;
        "image": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
      })[];
    };
  };
  /** One published product with its variants, pictures and collections. */
  'catalog.getProduct': {
    params: {
      "handle": string;
    };
    query: {
      "currency"?: string | undefined;
      "locale"?: string | undefined;
    };
    body: undefined;
    response: {
      "id": string;
      "handle": string;
      "title": string;
      "vendor": string;
      "type": string;
      "tags": readonly (string)[];
      "image": {
        "url": string;
        "alt": string;
        "width": number | null;
        "height": number | null;
      } | null;
      "secondImage": {
        "url": string;
        "alt": string;
        "width": number | null;
        "height": number | null;
      } | null;
      "priceRange": {
        "min": {
          "amount": number;
          "currency": string;
        };
        "max": {
          "amount": number;
          "currency": string;
        };
      } | null;
      "compareAtPrice": {
        "amount": number;
        "currency": string;
      } | null;
      "variantIds": readonly (string)[];
      "options": readonly ({
        "name": string;
        "values": readonly (string)[];
      })[];
      "publishedAt": string | null;
      "rating": {
        "average": number;
        "count": number;
      } | null;
      "descriptionHtml": string;
      "images": readonly ({
        "url": string;
        "alt": string;
        "width": number | null;
        "height": number | null;
      })[];
      "variants": readonly ({
        "id": string;
        "sku": string | null;
        "title": string;
        "position": number;
        "options": Readonly<Record<string, string>>;
        "price": {
          "amount": number;
          "currency": string;
        } | null;
        "priceSteps": readonly ({
          "from": number;
          "price": {
            "amount": number;
            "currency": string;
          };
        })[];
        "compareAtPrice": {
          "amount": number;
          "currency": string;
        } | null;
        "barcode": string | null;
        "weightGrams": number | null;
        "requiresShipping": boolean;
        "taxable": boolean;
        "inventoryPolicy": "deny" | "continue";
        "image": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "contents": readonly ({
          "variantId": string;
          "quantity": number;
          "productId": string;
          "handle": string;
          "title": string;
          "variantTitle": string | null;
          "image": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "price": {
            "amount": number;
            "currency": string;
          } | null;
        })[];
      })[];
      "collections": readonly ({
        "handle": string;
        "title": string;
      })[];
      "seo": {
        "title": string | null;
        "description": string | null;
      };
      "updatedAt": string;
      "stars": readonly (number)[];
    };
  };
  /** Published collections, in the merchant’s order. */
  'catalog.listCollections': {
    params: undefined;
    query: {
      "locale"?: string | undefined;
    };
    body: undefined;
    response: {
      "collections": readonly ({
        "id": string;
        "handle": string;
        "title": string;
        "descriptionHtml": string;
        "image": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "productCount": number;
        "seo": {
          "title": string | null;
          "description": string | null;
        };
      })[];
    };
  };
  /** One published collection; its products come from the product list with `collection`. */
  'catalog.getCollection': {
    params: {
      "handle": string;
    };
    query: {
      "locale"?: string | undefined;
    };
    body: undefined;
    response: {
      "id": string;
      "handle": string;
      "title": string;
      "descriptionHtml": string;
      "image": {
        "url": string;
        "alt": string;
        "width": number | null;
        "height": number | null;
      } | null;
      "productCount": number;
      "seo": {
        "title": string | null;
        "description": string | null;
      };
    };
  };
  /** The bytes of a picture, or of a rendition in the size, shape and format asked for. Ids name the content, so answers never change. */
  'catalog.getMedia': {
    params: {
      "id": string;
    };
    query: {
      "w"?: number | undefined;
      "h"?: number | undefined;
      "fit"?: "contain" | "cover" | undefined;
      "focus"?: string | undefined;
      "format"?: "auto" | "webp" | "avif" | "jpeg" | "png" | undefined;
      "q"?: number | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** The shop’s logo, as its branding names it. */
  'catalog.getLogo': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** All products, whatever their state, in pages. */
  'catalog.adminListProducts': {
    params: undefined;
    query: {
      "q"?: string | undefined;
      "status"?: "active" | "draft" | "archived" | undefined;
      "limit"?: number | undefined;
      "cursor"?: string | undefined;
    };
    body: undefined;
    response: {
      "products": readonly ({
        "id": string;
        "version": number;
        "handle": string;
        "title": string;
        "descriptionHtml": string;
        "vendor": string;
        "type": string;
        "category": string;
        "tags": readonly (string)[];
        "status": "active" | "draft" | "archived";
        "published": boolean;
        "options": readonly (string)[];
        "variants": readonly ({
          "id": string;
          "sku": string | null;
          "title": string;
          "position": number;
          "optionValues": readonly (string)[];
          "prices": readonly ({
            "amount": number;
            "currency": string;
            "compareAt": number | null;
          })[];
          "barcode": string | null;
          "weightGrams": number | null;
          "requiresShipping": boolean;
          "taxable": boolean;
          "inventoryPolicy": "deny" | "continue";
          "inventoryQuantity": number;
          "bundle"?: {
            "components": readonly ({
              "variantId": string;
              "quantity": number;
            })[];
            "offBasisPoints"?: number | undefined;
          } | undefined;
        })[];
        "images": readonly ({
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        })[];
        "collections": readonly (string)[];
        "seo": {
          "title": string | null;
          "description": string | null;
        };
        "createdAt": string;
        "updatedAt": string;
      })[];
      "nextCursor": string | null;
    };
  };
  /** Create a product with its variants and prices. */
  'catalog.adminCreateProduct': {
    params: undefined;
    query: undefined;
    body: {
      "handle"?: string | undefined;
      "title": string;
      "descriptionHtml"?: string | undefined;
      "vendor"?: string | undefined;
      "type"?: string | undefined;
      "category"?: string | undefined;
      "tags"?: readonly (string)[] | undefined;
      "status"?: "active" | "draft" | "archived" | undefined;
      "published"?: boolean | undefined;
      "options"?: readonly (string)[] | undefined;
      "variants": readonly ({
        "id"?: string | undefined;
        "sku"?: string | null | undefined;
        "optionValues"?: readonly (string)[] | undefined;
        "prices"?: readonly ({
          "amount": number;
          "currency": string;
          "compareAt"?: number | null | undefined;
        })[] | undefined;
        "barcode"?: string | null | undefined;
        "weightGrams"?: number | null | undefined;
        "requiresShipping"?: boolean | undefined;
        "taxable"?: boolean | undefined;
        "inventoryPolicy"?: "deny" | "continue" | undefined;
        "inventoryQuantity"?: number | undefined;
        "bundle"?: {
          "components": readonly ({
            "variantId": string;
            "quantity": number;
          })[];
          "offBasisPoints"?: number | undefined;
        } | undefined;
      })[];
      "images"?: readonly ({
        "src": string;
        "alt"?: string | undefined;
      })[] | undefined;
      "seo"?: {
        "title"?: string | null | undefined;
        "description"?: string | null | undefined;
      } | undefined;
    };
    response: {
      "id": string;
      "version": number;
      "handle": string;
      "title": string;
      "descriptionHtml": string;
      "vendor": string;
      "type": string;
      "category": string;
      "tags": readonly (string)[];
      "status": "active" | "draft" | "archived";
      "published": boolean;
      "options": readonly (string)[];
      "variants": readonly ({
        "id": string;
        "sku": string | null;
        "title": string;
        "position": number;
        "optionValues": readonly (string)[];
        "prices": readonly ({
          "amount": number;
          "currency": string;
          "compareAt": number | null;
        })[];
        "barcode": string | null;
        "weightGrams": number | null;
        "requiresShipping": boolean;
        "taxable": boolean;
        "inventoryPolicy": "deny" | "continue";
        "inventoryQuantity": number;
        "bundle"?: {
          "components": readonly ({
            "variantId": string;
            "quantity": number;
          })[];
          "offBasisPoints"?: number | undefined;
        } | undefined;
      })[];
      "images": readonly ({
        "url": string;
        "alt": string;
        "width": number | null;
        "height": number | null;
      })[];
      "collections": readonly (string)[];
      "seo": {
        "title": string | null;
        "description": string | null;
      };
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** One product as the merchant sees it. */
  'catalog.adminGetProduct': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "version": number;
      "handle": string;
      "title": string;
      "descriptionHtml": string;
      "vendor": string;
      "type": string;
      "category": string;
      "tags": readonly (string)[];
      "status": "active" | "draft" | "archived";
      "published": boolean;
      "options": readonly (string)[];
      "variants": readonly ({
        "id": string;
        "sku": string | null;
        "title": string;
        "position": number;
        "optionValues": readonly (string)[];
        "prices": readonly ({
          "amount": number;
          "currency": string;
          "compareAt": number | null;
        })[];
        "barcode": string | null;
        "weightGrams": number | null;
        "requiresShipping": boolean;
        "taxable": boolean;
        "inventoryPolicy": "deny" | "continue";
        "inventoryQuantity": number;
        "bundle"?: {
          "components": readonly ({
            "variantId": string;
            "quantity": number;
          })[];
          "offBasisPoints"?: number | undefined;
        } | undefined;
      })[];
      "images": readonly ({
        "url": string;
        "alt": string;
        "width": number | null;
        "height": number | null;
      })[];
      "collections": readonly (string)[];
      "seo": {
        "title": string | null;
        "description": string | null;
      };
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Replace a product; 409 when someone else changed it since `version`. */
  'catalog.adminUpdateProduct': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "handle"?: string | undefined;
      "title": string;
      "descriptionHtml"?: string | undefined;
      "vendor"?: string | undefined;
      "type"?: string | undefined;
      "category"?: string | undefined;
      "tags"?: readonly (string)[] | undefined;
      "status"?: "active" | "draft" | "archived" | undefined;
      "published"?: boolean | undefined;
      "options"?: readonly (string)[] | undefined;
      "variants": readonly ({
        "id"?: string | undefined;
        "sku"?: string | null | undefined;
        "optionValues"?: readonly (string)[] | undefined;
        "prices"?: readonly ({
          "amount": number;
          "currency": string;
          "compareAt"?: number | null | undefined;
        })[] | undefined;
        "barcode"?: string | null | undefined;
        "weightGrams"?: number | null | undefined;
        "requiresShipping"?: boolean | undefined;
        "taxable"?: boolean | undefined;
        "inventoryPolicy"?: "deny" | "continue" | undefined;
        "inventoryQuantity"?: number | undefined;
        "bundle"?: {
          "components": readonly ({
            "variantId": string;
            "quantity": number;
          })[];
          "offBasisPoints"?: number | undefined;
        } | undefined;
      })[];
      "images"?: readonly ({
        "src": string;
        "alt"?: string | undefined;
      })[] | undefined;
      "seo"?: {
        "title"?: string | null | undefined;
        "description"?: string | null | undefined;
      } | undefined;
      "version": number;
    };
    response: {
      "id": string;
      "version": number;
      "handle": string;
      "title": string;
      "descriptionHtml": string;
      "vendor": string;
      "type": string;
      "category": string;
      "tags": readonly (string)[];
      "status": "active" | "draft" | "archived";
      "published": boolean;
      "options": readonly (string)[];
      "variants": readonly ({
        "id": string;
        "sku": string | null;
        "title": string;
        "position": number;
        "optionValues": readonly (string)[];
        "prices": readonly ({
          "amount": number;
          "currency": string;
          "compareAt": number | null;
        })[];
        "barcode": string | null;
        "weightGrams": number | null;
        "requiresShipping": boolean;
        "taxable": boolean;
        "inventoryPolicy": "deny" | "continue";
        "inventoryQuantity": number;
        "bundle"?: {
          "components": readonly ({
            "variantId": string;
            "quantity": number;
          })[];
          "offBasisPoints"?: number | undefined;
        } | undefined;
      })[];
      "images": readonly ({
        "url": string;
        "alt": string;
        "width": number | null;
        "height": number | null;
      })[];
      "collections": readonly (string)[];
      "seo": {
        "title": string | null;
        "description": string | null;
      };
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Delete a product, its variants and prices. */
  'catalog.adminDeleteProduct': {
    params: {
      "id": string;
    };
    query: {
      "version"?: number | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** All collections with the handles of their products. */
  'catalog.adminListCollections': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "collections": readonly ({
        "id": string;
        "handle": string;
        "title": string;
        "descriptionHtml": string;
        "image": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "productCount": number;
        "seo": {
          "title": string | null;
          "description": string | null;
        };
        "version": number;
        "published": boolean;
        "products": readonly (string)[];
      })[];
    };
  };
  /** Create a collection. */
  'catalog.adminCreateCollection': {
    params: undefined;
    query: undefined;
    body: {
      "handle"?: string | undefined;
      "title": string;
      "descriptionHtml"?: string | undefined;
      "imageSrc"?: string | null | undefined;
      "products"?: readonly (string)[] | undefined;
      "published"?: boolean | undefined;
      "seo"?: {
        "title"?: string | null | undefined;
        "description"?: string | null | undefined;
      } | undefined;
    };
    response: {
      "id": string;
      "handle": string;
      "title": string;
      "descriptionHtml": string;
      "image": {
        "url": string;
        "alt": string;
        "width": number | null;
        "height": number | null;
      } | null;
      "productCount": number;
      "seo": {
        "title": string | null;
        "description": string | null;
      };
      "version": number;
      "published": boolean;
      "products": readonly (string)[];
    };
  };
  /** One collection as the merchant sees it. */
  'catalog.adminGetCollection': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "handle": string;
      "title": string;
      "descriptionHtml": string;
      "image": {
        "url": string;
        "alt": string;
        "width": number | null;
        "height": number | null;
      } | null;
      "productCount": number;
      "seo": {
        "title": string | null;
        "description": string | null;
      };
      "version": number;
      "published": boolean;
      "products": readonly (string)[];
    };
  };
  /** Replace a collection; 409 when someone else changed it since `version`. */
  'catalog.adminUpdateCollection': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "handle"?: string | undefined;
      "title": string;
      "descriptionHtml"?: string | undefined;
      "imageSrc"?: string | null | undefined;
      "products"?: readonly (string)[] | undefined;
      "published"?: boolean | undefined;
      "seo"?: {
        "title"?: string | null | undefined;
        "description"?: string | null | undefined;
      } | undefined;
      "version": number;
    };
    response: {
      "id": string;
      "handle": string;
      "title": string;
      "descriptionHtml": string;
      "image": {
        "url": string;
        "alt": string;
        "width": number | null;
        "height": number | null;
      } | null;
      "productCount": number;
      "seo": {
        "title": string | null;
        "description": string | null;
      };
      "version": number;
      "published": boolean;
      "products": readonly (string)[];
    };
  };
  /** Delete a collection; its products stay. */
  'catalog.adminDeleteCollection': {
    params: {
      "id": string;
    };
    query: {
      "version"?: number | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** Import products: a CSV in the Shopify product format (text/csv), JSON with one a line (application/x-ndjson) or an array of them, or JSON that names the file’s source. The same content is imported once. */
  'catalog.adminStartImport': {
    params: undefined;
    query: {
      "force"?: "true" | "false" | undefined;
    };
    body: string;
    response: {
      "id": string;
      "state": "waiting" | "running" | "succeeded" | "failed";
      "source": string | null;
      "contentHash": string | null;
      "rows": number;
      "products": {
        "created": number;
        "updated": number;
        "unchanged": number;
        "rejected": number;
      };
      "images": {
        "stored": number;
        "failed": number;
      };
      "problems": readonly ({
        "line": number;
        "column": string | null;
        "handle": string | null;
        "what": string;
        "remedy": string;
      })[];
      "problemCount": number;
      "error": string | null;
      "createdAt": string;
      "finishedAt": string | null;
    };
  };
  /** How an import stands: counts, and every rejected row with the reason. */
  'catalog.adminGetImport': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "state": "waiting" | "running" | "succeeded" | "failed";
      "source": string | null;
      "contentHash": string | null;
      "rows": number;
      "products": {
        "created": number;
        "updated": number;
        "unchanged": number;
        "rejected": number;
      };
      "images": {
        "stored": number;
        "failed": number;
      };
      "problems": readonly ({
        "line": number;
        "column": string | null;
        "handle": string | null;
        "what": string;
        "remedy": string;
      })[];
      "problemCount": number;
      "error": string | null;
      "createdAt": string;
      "finishedAt": string | null;
    };
  };
  /** How far the search index is behind the catalogue. */
  'catalog.adminGetSearch': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "builtAt": string | null;
      "documents": number | null;
      "pending": number;
      "building": boolean;
    };
  };
  /** Build the search index anew from the catalogue; searches go on meanwhile. */
  'catalog.adminRebuildSearch': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "builtAt": string | null;
      "documents": number | null;
      "pending": number;
      "building": boolean;
    };
  };
  /** Words that searches take for each other. */
  'catalog.adminGetSynonyms': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "version": number;
      "synonyms": readonly ({
        "words": readonly (string)[];
        "means"?: readonly (string)[] | undefined;
      })[];
    };
  };
  /** Replace them all; searches heed them at once. 409 when someone else changed them since `version`. */
  'catalog.adminPutSynonyms': {
    params: undefined;
    query: undefined;
    body: {
      "version": number;
      "synonyms": readonly ({
        "words": readonly (string)[];
        "means"?: readonly (string)[] | undefined;
      })[];
    };
    response: {
      "version": number;
      "synonyms": readonly ({
        "words": readonly (string)[];
        "means"?: readonly (string)[] | undefined;
      })[];
    };
  };
  /** All price lists, by title. */
  'catalog.adminListPriceLists': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "priceLists": readonly ({
        "id": string;
        "version": number;
        "title": string;
        "currency": string;
        "groups": readonly (string)[];
        "startsAt": string | null;
        "endsAt": string | null;
        "offBasisPoints": number;
        "enabled": boolean;
        "variants": number;
        "createdAt": string;
        "updatedAt": string;
      })[];
    };
  };
  /** Create a price list. Of all prices that apply to a shopper, the cheapest counts. */
  'catalog.adminCreatePriceList': {
    params: undefined;
    query: undefined;
    body: {
      "title": string;
      "currency": string;
      "groups"?: readonly (string)[] | undefined;
      "startsAt"?: string | null | undefined;
      "endsAt"?: string | null | undefined;
      "offBasisPoints"?: number | undefined;
      "enabled"?: boolean | undefined;
    };
    response: {
      "id": string;
      "version": number;
      "title": string;
      "currency": string;
      "groups": readonly (string)[];
      "startsAt": string | null;
      "endsAt": string | null;
      "offBasisPoints": number;
      "enabled": boolean;
      "variants": number;
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** One price list; its prices have a page of their own. */
  'catalog.adminGetPriceList': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "version": number;
      "title": string;
      "currency": string;
      "groups": readonly (string)[];
      "startsAt": string | null;
      "endsAt": string | null;
      "offBasisPoints": number;
      "enabled": boolean;
      "variants": number;
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Replace what a price list says but its prices; 409 when someone else changed it since `version`. */
  'catalog.adminUpdatePriceList': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "title": string;
      "currency": string;
      "groups"?: readonly (string)[] | undefined;
      "startsAt"?: string | null | undefined;
      "endsAt"?: string | null | undefined;
      "offBasisPoints"?: number | undefined;
      "enabled"?: boolean | undefined;
      "version": number;
    };
    response: {
      "id": string;
      "version": number;
      "title": string;
      "currency": string;
      "groups": readonly (string)[];
      "startsAt": string | null;
      "endsAt": string | null;
      "offBasisPoints": number;
      "enabled": boolean;
      "variants": number;
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Delete a price list with its prices. */
  'catalog.adminDeletePriceList': {
    params: {
      "id": string;
    };
    query: {
      "version"?: number | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** The prices of a list by variant, in pages. */
  'catalog.adminListPrices': {
    params: {
      "id": string;
    };
    query: {
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "prices": readonly ({
        "variantId": string;
        "steps": readonly ({
          "from": number;
          "amount": number;
        })[];
        "productId": string;
        "handle": string;
        "sku": string | null;
      })[];
      "nextCursor": string | null;
    };
  };
  /** Set the prices of up to 500 variants in a list, by number of units; without steps a variant has none. */
  'catalog.adminPutPrices': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "prices": readonly ({
        "variantId": string;
        "steps": readonly ({
          "from": number;
          "amount": number;
        })[];
      })[];
    };
    response: {
      "id": string;
      "version": number;
      "title": string;
      "currency": string;
      "groups": readonly (string)[];
      "startsAt": string | null;
      "endsAt": string | null;
      "offBasisPoints": number;
      "enabled": boolean;
      "variants": number;
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Set the prices of a list from a CSV with the columns Variant ID or Variant SKU, From and Price: up to 20,000 rows, each that is wrong told with its line. */
  'catalog.adminImportPrices': {
    params: {
      "id": string;
    };
    query: {
      "replace"?: "true" | "false" | undefined;
    };
    body: string;
    response: {
      "rows": number;
      "variants": number;
      "removed": number;
      "problems": readonly ({
        "line": number;
        "column": string | null;
        "handle": string | null;
        "what": string;
        "remedy": string;
      })[];
      "problemCount": number;
    };
  };
  /** The prices of a list as a CSV that can be imported again. */
  'catalog.adminExportPrices': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** What is said of a product in the shop’s other languages. */
  'catalog.adminListProductTranslations': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "version": number;
      "translations": readonly ({
        "title": string | null;
        "descriptionHtml": string | null;
        "seo": {
          "title": string | null;
          "description": string | null;
        };
        "options": readonly ({
          "of": string;
          "as": string;
          "values": readonly ({
            "of": string;
            "as": string;
          })[];
        })[];
        "locale": string;
      })[];
    };
  };
  /** Replace what is said of a product in one language; 409 when someone else changed the product since `version`. */
  'catalog.adminPutProductTranslation': {
    params: {
      "id": string;
      "locale": string;
    };
    query: undefined;
    body: {
      "title"?: string | null | undefined;
      "descriptionHtml"?: string | null | undefined;
      "seo"?: {
        "title"?: string | null | undefined;
        "description"?: string | null | undefined;
      } | undefined;
      "options"?: readonly ({
        "of": string;
        "as": string;
        "values"?: readonly ({
          "of": string;
          "as": string;
        })[] | undefined;
      })[] | undefined;
      "version": number;
    };
    response: {
      "version": number;
      "translations": readonly ({
        "title": string | null;
        "descriptionHtml": string | null;
        "seo": {
          "title": string | null;
          "description": string | null;
        };
        "options": readonly ({
          "of": string;
          "as": string;
          "values": readonly ({
            "of": string;
            "as": string;
          })[];
        })[];
        "locale": string;
      })[];
    };
  };
  /** Take one language out; the product is read as it is written then. */
  'catalog.adminDeleteProductTranslation': {
    params: {
      "id": string;
      "locale": string;
    };
    query: {
      "version"?: number | undefined;
    };
    body: undefined;
    response: {
      "version": number;
      "translations": readonly ({
        "title": string | null;
        "descriptionHtml": string | null;
        "seo": {
          "title": string | null;
          "description": string | null;
        };
        "options": readonly ({
          "of": string;
          "as": string;
          "values": readonly ({
            "of": string;
            "as": string;
          })[];
        })[];
        "locale": string;
      })[];
    };
  };
  /** What is said of a collection in the shop’s other languages. */
  'catalog.adminListCollectionTranslations': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "version": number;
      "translations": readonly ({
        "title": string | null;
        "descriptionHtml": string | null;
        "seo": {
          "title": string | null;
          "description": string | null;
        };
        "locale": string;
      })[];
    };
  };
  /** Replace what is said of a collection in one language; 409 when someone else changed the collection since `version`. */
  'catalog.adminPutCollectionTranslation': {
    params: {
      "id": string;
      "locale": string;
    };
    query: undefined;
    body: {
      "title"?: string | null | undefined;
      "descriptionHtml"?: string | null | undefined;
      "seo"?: {
        "title"?: string | null | undefined;
        "description"?: string | null | undefined;
      } | undefined;
      "version": number;
    };
    response: {
      "version": number;
      "translations": readonly ({
        "title": string | null;
        "descriptionHtml": string | null;
        "seo": {
          "title": string | null;
          "description": string | null;
        };
        "locale": string;
      })[];
    };
  };
  /** Take one language out; the collection is read as it is written then. */
  'catalog.adminDeleteCollectionTranslation': {
    params: {
      "id": string;
      "locale": string;
    };
    query: {
      "version"?: number | undefined;
    };
    body: undefined;
    response: {
      "version": number;
      "translations": readonly ({
        "title": string | null;
        "descriptionHtml": string | null;
        "seo": {
          "title": string | null;
          "description": string | null;
        };
        "locale": string;
      })[];
    };
  };
  /** One synonym more, as a report of searches may suggest; one that is there already stays as it is. */
  'catalog.adminAddSynonym': {
    params: undefined;
    query: undefined;
    body: {
      "words": readonly (string)[];
      "means"?: readonly (string)[] | undefined;
    };
    response: {
      "version": number;
      "synonyms": readonly ({
        "words": readonly (string)[];
        "means"?: readonly (string)[] | undefined;
      })[];
    };
  };
  /** What searches and collections show first, last or not at all. */
  'catalog.adminListRankingRules': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "rules": readonly ({
        "id": string;
        "version": number;
        "rule": {
          "name": string;
          "enabled": boolean;
          "when": {
            "on": "query";
            "match": "exact" | "contains";
            "text": string;
          } | {
            "on": "any-query";
          } | {
            "on": "collection";
            "collection": string;
          };
          "from": string | null;
          "until": string | null;
          "pins": readonly ({
            "productId": string;
            "place": number;
          })[];
          "buries": readonly (string)[];
          "hides": readonly (string)[];
          "boosts": readonly ({
            "what": {
              "by": "tag";
              "value": string;
            } | {
              "by": "type";
              "value": string;
            } | {
              "by": "vendor";
              "value": string;
            } | {
              "by": "available";
            } | {
              "by": "new";
              "days": number;
            };
            "factor": number;
          })[];
        };
        "createdAt": string;
        "updatedAt": string;
      })[];
    };
  };
  /** Pin, bury, hide or boost products in a search or a collection; lists heed it at once. A shop has at most 200 rules. */
  'catalog.adminCreateRankingRule': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "enabled"?: boolean | undefined;
      "when": {
        "on": "query";
        "match": "exact" | "contains";
        "text": string;
      } | {
        "on": "any-query";
      } | {
        "on": "collection";
        "collection": string;
      };
      "from"?: string | null | undefined;
      "until"?: string | null | undefined;
      "pins"?: readonly ({
        "productId": string;
        "place": number;
      })[] | undefined;
      "buries"?: readonly (string)[] | undefined;
      "hides"?: readonly (string)[] | undefined;
      "boosts"?: readonly ({
        "what": {
          "by": "tag";
          "value": string;
        } | {
          "by": "type";
          "value": string;
        } | {
          "by": "vendor";
          "value": string;
        } | {
          "by": "available";
        } | {
          "by": "new";
          "days": number;
        };
        "factor": number;
      })[] | undefined;
    };
    response: {
      "id": string;
      "version": number;
      "rule": {
        "name": string;
        "enabled": boolean;
        "when": {
          "on": "query";
          "match": "exact" | "contains";
          "text": string;
        } | {
          "on": "any-query";
        } | {
          "on": "collection";
          "collection": string;
        };
        "from": string | null;
        "until": string | null;
        "pins": readonly ({
          "productId": string;
          "place": number;
        })[];
        "buries": readonly (string)[];
        "hides": readonly (string)[];
        "boosts": readonly ({
          "what": {
            "by": "tag";
            "value": string;
          } | {
            "by": "type";
            "value": string;
          } | {
            "by": "vendor";
            "value": string;
          } | {
            "by": "available";
          } | {
            "by": "new";
            "days": number;
          };
          "factor": number;
        })[];
      };
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** One ranking rule. */
  'catalog.adminGetRankingRule': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "version": number;
      "rule": {
        "name": string;
        "enabled": boolean;
        "when": {
          "on": "query";
          "match": "exact" | "contains";
          "text": string;
        } | {
          "on": "any-query";
        } | {
          "on": "collection";
          "collection": string;
        };
        "from": string | null;
        "until": string | null;
        "pins": readonly ({
          "productId": string;
          "place": number;
        })[];
        "buries": readonly (string)[];
        "hides": readonly (string)[];
        "boosts": readonly ({
          "what": {
            "by": "tag";
            "value": string;
          } | {
            "by": "type";
            "value": string;
          } | {
            "by": "vendor";
            "value": string;
          } | {
            "by": "available";
          } | {
            "by": "new";
            "days": number;
          };
          "factor": number;
        })[];
      };
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Replace a ranking rule; 409 when someone else changed it since `version`. */
  'catalog.adminUpdateRankingRule': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "version": number;
      "rule": {
        "name": string;
        "enabled"?: boolean | undefined;
        "when": {
          "on": "query";
          "match": "exact" | "contains";
          "text": string;
        } | {
          "on": "any-query";
        } | {
          "on": "collection";
          "collection": string;
        };
        "from"?: string | null | undefined;
        "until"?: string | null | undefined;
        "pins"?: readonly ({
          "productId": string;
          "place": number;
        })[] | undefined;
        "buries"?: readonly (string)[] | undefined;
        "hides"?: readonly (string)[] | undefined;
        "boosts"?: readonly ({
          "what": {
            "by": "tag";
            "value": string;
          } | {
            "by": "type";
            "value": string;
          } | {
            "by": "vendor";
            "value": string;
          } | {
            "by": "available";
          } | {
            "by": "new";
            "days": number;
          };
          "factor": number;
        })[] | undefined;
      };
    };
    response: {
      "id": string;
      "version": number;
      "rule": {
        "name": string;
        "enabled": boolean;
        "when": {
          "on": "query";
          "match": "exact" | "contains";
          "text": string;
        } | {
          "on": "any-query";
        } | {
          "on": "collection";
          "collection": string;
        };
        "from": string | null;
        "until": string | null;
        "pins": readonly ({
          "productId": string;
          "place": number;
        })[];
        "buries": readonly (string)[];
        "hides": readonly (string)[];
        "boosts": readonly ({
          "what": {
            "by": "tag";
            "value": string;
          } | {
            "by": "type";
            "value": string;
          } | {
            "by": "vendor";
            "value": string;
          } | {
            "by": "available";
          } | {
            "by": "new";
            "days": number;
          };
          "factor": number;
        })[];
      };
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Delete a ranking rule. */
  'catalog.adminDeleteRankingRule': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** What a search or a collection shows, where each product would stand without rules, and which rule moved it. */
  'catalog.adminPreviewRanking': {
    params: undefined;
    query: {
      "q"?: string | undefined;
      "collection"?: string | undefined;
      "at"?: string | undefined;
      "with"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "rules": readonly ({
        "ruleId": string;
        "name": string;
      })[];
      "products": readonly ({
        "productId": string;
        "handle": string;
        "title": string;
        "place": number;
        "placeWithout": number | null;
        "because": readonly ({
          "ruleId": string;
          "name": string;
          "effect": "pinned" | "buried" | "boosted";
          "factor": number | null;
        })[];
      })[];
      "hidden": readonly ({
        "ruleId": string;
        "name": string;
        "productId": string;
        "title": string;
        "placeWithout": number;
      })[];
    };
  };
  /** The whole catalogue, to be imported again: a CSV in the Shopify product format, or JSON with a product a line. */
  'catalog.adminExport': {
    params: undefined;
    query: {
      "format"?: "csv" | "json" | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** Published reviews of a product, in pages. How many gave how many stars says the product itself. */
  'catalog.listReviews': {
    params: undefined;
    query: {
      "productId": string;
      "rating"?: number | undefined;
      "withPictures"?: "true" | undefined;
      "sort"?: "newest" | "helpful" | "highest" | "lowest" | undefined;
      "limit"?: number | undefined;
      "cursor"?: string | undefined;
    };
    body: undefined;
    response: {
      "reviews": readonly ({
        "id": string;
        "productId": string;
        "rating": number;
        "title": string;
        "body": string;
        "name": string;
        "verified": boolean;
        "helpful": number;
        "answer": string | null;
        "answeredAt": string | null;
        "publishedAt": string;
        "editedAt": string | null;
        "pictures": readonly ({
          "id": string;
          "url": string;
          "alt": string;
          "width": number;
          "height": number;
        })[];
      })[];
      "pictured": number;
      "nextCursor": string | null;
    };
  };
  /** Whether whoever asks may review a product, what they wrote, and what they found helpful. */
  'catalog.getReviewStanding': {
    params: undefined;
    query: {
      "productId": string;
    };
    body: undefined;
    response: {
      "may": "write" | "edit" | "sign_in" | "buy_first";
      "review": {
        "id": string;
        "productId": string;
        "rating": number;
        "title": string;
        "body": string;
        "name": string;
        "verified": boolean;
        "helpful": number;
        "answer": string | null;
        "answeredAt": string | null;
        "publishedAt": string | null;
        "editedAt": string | null;
        "pictures": readonly ({
          "id": string;
          "url": string;
          "alt": string;
          "width": number;
          "height": number;
          "state": "waiting" | "approved";
        })[];
        "version": number;
        "state": "pending" | "published" | "refused";
        "reason": string | null;
      } | null;
      "mostPictures": number;
      "voted": readonly (string)[];
    };
  };
  /** What the customer has written, the latest first, shown or not. */
  'catalog.listOwnReviews': {
    params: undefined;
    query: {
      "limit"?: number | undefined;
      "cursor"?: string | undefined;
    };
    body: undefined;
    response: {
      "reviews": readonly ({
        "id": string;
        "productId": string;
        "rating": number;
        "title": string;
        "body": string;
        "name": string;
        "verified": boolean;
        "helpful": number;
        "answer": string | null;
        "answeredAt": string | null;
        "publishedAt": string | null;
        "editedAt": string | null;
        "pictures": readonly ({
          "id": string;
          "url": string;
          "alt": string;
          "width": number;
          "height": number;
          "state": "waiting" | "approved";
        })[];
        "version": number;
        "state": "pending" | "published" | "refused";
        "reason": string | null;
      })[];
      "nextCursor": string | null;
    };
  };
  /** Review a product, once. It is shown at once or when the merchant has read it, as the shop wants it. */
  'catalog.writeReview': {
    params: undefined;
    query: undefined;
    body: {
      "rating": number;
      "title"?: string | undefined;
      "body": string;
      "name": string;
      "productId": string;
      "pictures"?: readonly ({
        "id": string;
        "alt"?: string | undefined;
      })[] | undefined;
    };
    response: {
      "id": string;
      "productId": string;
      "rating": number;
      "title": string;
      "body": string;
      "name": string;
      "verified": boolean;
      "helpful": number;
      "answer": string | null;
      "answeredAt": string | null;
      "publishedAt": string | null;
      "editedAt": string | null;
      "pictures": readonly ({
        "id": string;
        "url": string;
        "alt": string;
        "width": number;
        "height": number;
        "state": "waiting" | "approved";
      })[];
      "version": number;
      "state": "pending" | "published" | "refused";
      "reason": string | null;
    };
  };
  /** Write it anew; it is judged anew. 409 when it has changed since `version`. */
  'catalog.editReview': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "rating": number;
      "title"?: string | undefined;
      "body": string;
      "name": string;
      "version": number;
      "pictures"?: readonly ({
        "id": string;
        "alt"?: string | undefined;
      })[] | undefined;
    };
    response: {
      "id": string;
      "productId": string;
      "rating": number;
      "title": string;
      "body": string;
      "name": string;
      "verified": boolean;
      "helpful": number;
      "answer": string | null;
      "answeredAt": string | null;
      "publishedAt": string | null;
      "editedAt": string | null;
      "pictures": readonly ({
        "id": string;
        "url": string;
        "alt": string;
        "width": number;
        "height": number;
        "state": "waiting" | "approved";
      })[];
      "version": number;
      "state": "pending" | "published" | "refused";
      "reason": string | null;
    };
  };
  /** Take one’s own review away, with all that was said of it. */
  'catalog.withdrawReview': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Announce a picture for one’s review of a product, as whoever may write one: answers where its bytes go, for a quarter of an hour. */
  'catalog.beginReviewPicture': {
    params: undefined;
    query: undefined;
    body: {
      "productId": string;
      "contentType": "image/jpeg" | "image/png" | "image/webp" | "image/avif";
      "size": number;
    };
    response: {
      "id": string;
      "expiresAt": string;
      "destination": {
        "method": "PUT";
        "url": string;
        "headers": Readonly<Record<string, string>>;
      };
    };
  };
  /** Check what has come: a review may name the picture then, for a day, or it is refused with the reason. May be repeated. */
  'catalog.finishReviewPicture': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "state": "ready" | "refused";
      "refusal": {
        "reason": string;
        "explanation": string;
      } | null;
    };
  };
  /** Say that somebody else’s review was helpful, or take that back. Each customer counts once. */
  'catalog.voteReview': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "helpful": boolean;
    };
    response: {
      "helpful": number;
      "voted": boolean;
    };
  };
  /** Tell the merchant of a review that should not be there. */
  'catalog.reportReview': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "reason": string;
    };
    response: undefined;
  };
  /** All reviews, the latest first, by state, product, whether they were reported, or pictures. */
  'catalog.adminListReviews': {
    params: undefined;
    query: {
      "state"?: "pending" | "published" | "refused" | undefined;
      "productId"?: string | undefined;
      "reported"?: "true" | undefined;
      "pictures"?: "waiting" | "any" | undefined;
      "limit"?: number | undefined;
      "cursor"?: string | undefined;
    };
    body: undefined;
    response: {
      "reviews": readonly ({
        "id": string;
        "productId": string;
        "rating": number;
        "title": string;
        "body": string;
        "name": string;
        "verified": boolean;
        "helpful": number;
        "answer": string | null;
        "answeredAt": string | null;
        "publishedAt": string | null;
        "editedAt": string | null;
        "pictures": readonly ({
          "id": string;
          "url": string;
          "alt": string;
          "width": number;
          "height": number;
          "state": "waiting" | "approved";
        })[];
        "version": number;
        "state": "pending" | "published" | "refused";
        "reason": string | null;
        "held": "unread" | "words" | "contact" | "refused_before" | null;
        "customerId": string | null;
        "reports": number;
        "createdAt": string;
      })[];
      "nextCursor": string | null;
    };
  };
  /** Who may review, what is shown before it was read, and whether buyers are asked for one. */
  'catalog.adminGetReviewSettings': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "version": number;
      "writers": "buyers" | "customers";
      "publication": "checked" | "at_once";
      "heldWords": readonly (string)[];
      "askAfterDays": number | null;
      "mostPictures": number;
    };
  };
  /** Replace them; what was written before stays as it is. 409 when someone else changed them since `version`. */
  'catalog.adminPutReviewSettings': {
    params: undefined;
    query: undefined;
    body: {
      "version": number;
      "writers": "buyers" | "customers";
      "publication": "checked" | "at_once";
      "heldWords": readonly (string)[];
      "askAfterDays"?: number | null | undefined;
      "mostPictures"?: number | undefined;
    };
    response: {
      "version": number;
      "writers": "buyers" | "customers";
      "publication": "checked" | "at_once";
      "heldWords": readonly (string)[];
      "askAfterDays": number | null;
      "mostPictures": number;
    };
  };
  /** One review, with what was reported of it. */
  'catalog.adminGetReview': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "productId": string;
      "rating": number;
      "title": string;
      "body": string;
      "name": string;
      "verified": boolean;
      "helpful": number;
      "answer": string | null;
      "answeredAt": string | null;
      "publishedAt": string | null;
      "editedAt": string | null;
      "pictures": readonly ({
        "id": string;
        "url": string;
        "alt": string;
        "width": number;
        "height": number;
        "state": "waiting" | "approved";
      })[];
      "version": number;
      "state": "pending" | "published" | "refused";
      "reason": string | null;
      "held": "unread" | "words" | "contact" | "refused_before" | null;
      "customerId": string | null;
      "reports": number;
      "createdAt": string;
      "openReports": readonly ({
        "customerId": string;
        "reason": string;
        "at": string;
      })[];
    };
  };
  /** Publish or refuse it with its pictures, and settle its reports. 409 when it was edited since `version`. */
  'catalog.adminDecideReview': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "version": number;
      "state": "published" | "refused";
      "reason"?: string | undefined;
    };
    response: {
      "id": string;
      "productId": string;
      "rating": number;
      "title": string;
      "body": string;
      "name": string;
      "verified": boolean;
      "helpful": number;
      "answer": string | null;
      "answeredAt": string | null;
      "publishedAt": string | null;
      "editedAt": string | null;
      "pictures": readonly ({
        "id": string;
        "url": string;
        "alt": string;
        "width": number;
        "height": number;
        "state": "waiting" | "approved";
      })[];
      "version": number;
      "state": "pending" | "published" | "refused";
      "reason": string | null;
      "held": "unread" | "words" | "contact" | "refused_before" | null;
      "customerId": string | null;
      "reports": number;
      "createdAt": string;
    };
  };
  /** Approve or refuse one picture of it, whatever becomes of the words. What is refused is gone for good. */
  'catalog.adminDecideReviewPicture': {
    params: {
      "id": string;
      "pictureId": string;
    };
    query: undefined;
    body: {
      "version": number;
      "state": "approved" | "refused";
    };
    response: {
      "id": string;
      "productId": string;
      "rating": number;
      "title": string;
      "body": string;
      "name": string;
      "verified": boolean;
      "helpful": number;
      "answer": string | null;
      "answeredAt": string | null;
      "publishedAt": string | null;
      "editedAt": string | null;
      "pictures": readonly ({
        "id": string;
        "url": string;
        "alt": string;
        "width": number;
        "height": number;
        "state": "waiting" | "approved";
      })[];
      "version": number;
      "state": "pending" | "published" | "refused";
      "reason": string | null;
      "held": "unread" | "words" | "contact" | "refused_before" | null;
      "customerId": string | null;
      "reports": number;
      "createdAt": string;
    };
  };
  /** Answer it for everybody to read, or take the answer away. */
  'catalog.adminAnswerReview': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "answer": string | null;
    };
    response: {
      "id": string;
      "productId": string;
      "rating": number;
      "title": string;
      "body": string;
      "name": string;
      "verified": boolean;
      "helpful": number;
      "answer": string | null;
      "answeredAt": string | null;
      "publishedAt": string | null;
      "editedAt": string | null;
      "pictures": readonly ({
        "id": string;
        "url": string;
        "alt": string;
        "width": number;
        "height": number;
        "state": "waiting" | "approved";
      })[];
      "version": number;
      "state": "pending" | "published" | "refused";
      "reason": string | null;
      "held": "unread" | "words" | "contact" | "refused_before" | null;
      "customerId": string | null;
      "reports": number;
      "createdAt": string;
    };
  };
  /** The customer’s lists, the one that needs no name first. */
  'catalog.listWishlists': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "wishlists": readonly ({
        "id": string;
        "name": string;
        "isDefault": boolean;
        "token": string | null;
        "count": number;
      })[];
    };
  };
  /** Begin a list: a customer’s by a name, a guest’s without; its id opens it then, as a cart’s does. */
  'catalog.createWishlist': {
    params: undefined;
    query: {
      "currency"?: string | undefined;
    };
    body: {
      "name"?: string | undefined;
    };
    response: {
      "id": string;
      "name": string;
      "isDefault": boolean;
      "token": string | null;
      "items": readonly ({
        "variantId": string;
        "title": string;
        "product": {
          "id": string;
          "handle": string;
          "title": string;
          "vendor": string;
          "type": string;
          "tags": readonly (string)[];
          "image": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "secondImage": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "priceRange": {
            "min": {
              "amount": number;
              "currency": string;
            };
            "max": {
              "amount": number;
              "currency": string;
            };
          } | null;
          "compareAtPrice": {
            "amount": number;
            "currency": string;
          } | null;
          "variantIds": readonly (string)[];
          "options": readonly ({
            "name": string;
            "values": readonly (string)[];
          })[];
          "publishedAt": string | null;
          "rating": {
            "average": number;
            "count": number;
          } | null;
        };
        "price": {
          "amount": number;
          "currency": string;
        } | null;
        "priceWhenAdded": {
          "amount": number;
          "currency": string;
        } | null;
        "available": boolean;
        "addedAt": string;
      })[];
    };
  };
  /** What is in which of one’s lists. */
  'catalog.getWishlistMarks': {
    params: undefined;
    query: {
      "wishlistId"?: string | undefined;
    };
    body: undefined;
    response: {
      "marks": readonly ({
        "variantId": string;
        "wishlistId": string;
      })[];
    };
  };
  /** After logging in: what the guest’s list has goes into the customer’s own. Answers that one. */
  'catalog.claimWishlist': {
    params: undefined;
    query: {
      "currency"?: string | undefined;
    };
    body: {
      "wishlistId"?: string | undefined;
    };
    response: {
      "id": string;
      "name": string;
      "isDefault": boolean;
      "token": string | null;
      "items": readonly ({
        "variantId": string;
        "title": string;
        "product": {
          "id": string;
          "handle": string;
          "title": string;
          "vendor": string;
          "type": string;
          "tags": readonly (string)[];
          "image": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "secondImage": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "priceRange": {
            "min": {
              "amount": number;
              "currency": string;
            };
            "max": {
              "amount": number;
              "currency": string;
            };
          } | null;
          "compareAtPrice": {
            "amount": number;
            "currency": string;
          } | null;
          "variantIds": readonly (string)[];
          "options": readonly ({
            "name": string;
            "values": readonly (string)[];
          })[];
          "publishedAt": string | null;
          "rating": {
            "average": number;
            "count": number;
          } | null;
        };
        "price": {
          "amount": number;
          "currency": string;
        } | null;
        "priceWhenAdded": {
          "amount": number;
          "currency": string;
        } | null;
        "available": boolean;
        "addedAt": string;
      })[];
    };
  };
  /** One list with what is in it. `default` is the customer’s without a name. */
  'catalog.getWishlist': {
    params: {
      "id": string;
    };
    query: {
      "currency"?: string | undefined;
    };
    body: undefined;
    response: {
      "id": string;
      "name": string;
      "isDefault": boolean;
      "token": string | null;
      "items": readonly ({
        "variantId": string;
        "title": string;
        "product": {
          "id": string;
          "handle": string;
          "title": string;
          "vendor": string;
          "type": string;
          "tags": readonly (string)[];
          "image": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "secondImage": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "priceRange": {
            "min": {
              "amount": number;
              "currency": string;
            };
            "max": {
              "amount": number;
              "currency": string;
            };
          } | null;
          "compareAtPrice": {
            "amount": number;
            "currency": string;
          } | null;
          "variantIds": readonly (string)[];
          "options": readonly ({
            "name": string;
            "values": readonly (string)[];
          })[];
          "publishedAt": string | null;
          "rating": {
            "average": number;
            "count": number;
          } | null;
        };
        "price": {
          "amount": number;
          "currency": string;
        } | null;
        "priceWhenAdded": {
          "amount": number;
          "currency": string;
        } | null;
        "available": boolean;
        "addedAt": string;
      })[];
    };
  };
  /** Call it something else. */
  'catalog.renameWishlist': {
    params: {
      "id": string;
    };
    query: {
      "currency"?: string | undefined;
    };
    body: {
      "name": string;
    };
    response: {
      "id": string;
      "name": string;
      "isDefault": boolean;
      "token": string | null;
      "items": readonly ({
        "variantId": string;
        "title": string;
        "product": {
          "id": string;
          "handle": string;
          "title": string;
          "vendor": string;
          "type": string;
          "tags": readonly (string)[];
          "image": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "secondImage": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "priceRange": {
            "min": {
              "amount": number;
              "currency": string;
            };
            "max": {
              "amount": number;
              "currency": string;
            };
          } | null;
          "compareAtPrice": {
            "amount": number;
            "currency": string;
          } | null;
          "variantIds": readonly (string)[];
          "options": readonly ({
            "name": string;
            "values": readonly (string)[];
          })[];
          "publishedAt": string | null;
          "rating": {
            "average": number;
            "count": number;
          } | null;
        };
        "price": {
          "amount": number;
          "currency": string;
        } | null;
        "priceWhenAdded": {
          "amount": number;
          "currency": string;
        } | null;
        "available": boolean;
        "addedAt": string;
      })[];
    };
  };
  /** Delete it with what is in it. */
  'catalog.deleteWishlist': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Put a variant in; fine when it is there already. */
  'catalog.addToWishlist': {
    params: {
      "id": string;
      "variantId": string;
    };
    query: {
      "currency"?: string | undefined;
    };
    body: undefined;
    response: {
      "id": string;
      "name": string;
      "isDefault": boolean;
      "token": string | null;
      "items": readonly ({
        "variantId": string;
        "title": string;
        "product": {
          "id": string;
          "handle": string;
          "title": string;
          "vendor": string;
          "type": string;
          "tags": readonly (string)[];
          "image": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "secondImage": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "priceRange": {
            "min": {
              "amount": number;
              "currency": string;
            };
            "max": {
              "amount": number;
              "currency": string;
            };
          } | null;
          "compareAtPrice": {
            "amount": number;
            "currency": string;
          } | null;
          "variantIds": readonly (string)[];
          "options": readonly ({
            "name": string;
            "values": readonly (string)[];
          })[];
          "publishedAt": string | null;
          "rating": {
            "average": number;
            "count": number;
          } | null;
        };
        "price": {
          "amount": number;
          "currency": string;
        } | null;
        "priceWhenAdded": {
          "amount": number;
          "currency": string;
        } | null;
        "available": boolean;
        "addedAt": string;
      })[];
    };
  };
  /** Take it out; fine when it is not there. */
  'catalog.removeFromWishlist': {
    params: {
      "id": string;
      "variantId": string;
    };
    query: {
      "currency"?: string | undefined;
    };
    body: undefined;
    response: {
      "id": string;
      "name": string;
      "isDefault": boolean;
      "token": string | null;
      "items": readonly ({
        "variantId": string;
        "title": string;
        "product": {
          "id": string;
          "handle": string;
          "title": string;
          "vendor": string;
          "type": string;
          "tags": readonly (string)[];
          "image": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "secondImage": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "priceRange": {
            "min": {
              "amount": number;
              "currency": string;
            };
            "max": {
              "amount": number;
              "currency": string;
            };
          } | null;
          "compareAtPrice": {
            "amount": number;
            "currency": string;
          } | null;
          "variantIds": readonly (string)[];
          "options": readonly ({
            "name": string;
            "values": readonly (string)[];
          })[];
          "publishedAt": string | null;
          "rating": {
            "average": number;
            "count": number;
          } | null;
        };
        "price": {
          "amount": number;
          "currency": string;
        } | null;
        "priceWhenAdded": {
          "amount": number;
          "currency": string;
        } | null;
        "available": boolean;
        "addedAt": string;
      })[];
    };
  };
  /** Let whoever has the link read it; the same link until that is taken back. */
  'catalog.shareWishlist': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "token": string;
    };
  };
  /** Take the link back: it opens nothing from now. */
  'catalog.unshareWishlist': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** A list that somebody shares, by its link. */
  'catalog.getSharedWishlist': {
    params: {
      "token": string;
    };
    query: {
      "currency"?: string | undefined;
    };
    body: undefined;
    response: {
      "name": string;
      "items": readonly ({
        "variantId": string;
        "title": string;
        "product": {
          "id": string;
          "handle": string;
          "title": string;
          "vendor": string;
          "type": string;
          "tags": readonly (string)[];
          "image": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "secondImage": {
            "url": string;
            "alt": string;
            "width": number | null;
            "height": number | null;
          } | null;
          "priceRange": {
            "min": {
              "amount": number;
              "currency": string;
            };
            "max": {
              "amount": number;
              "currency": string;
            };
          } | null;
          "compareAtPrice": {
            "amount": number;
            "currency": string;
          } | null;
          "variantIds": readonly (string)[];
          "options": readonly ({
            "name": string;
            "values": readonly (string)[];
          })[];
          "publishedAt": string | null;
          "rating": {
            "average": number;
            "count": number;
          } | null;
        };
        "price": {
          "amount": number;
          "currency": string;
        } | null;
        "priceWhenAdded": {
          "amount": number;
          "currency": string;
        } | null;
        "available": boolean;
        "addedAt": string;
      })[];
    };
  };
  /** Be told, once, when something that is sold out is back: the customer, or a mailbox, which is asked first. The answer says nothing of what is known of it. */
  'catalog.askStockAlert': {
    params: undefined;
    query: undefined;
    body: {
      "variantId": string;
      "email"?: string | undefined;
      "locale"?: string | undefined;
    };
    response: undefined;
  };
  /** What the customer waits for. */
  'catalog.listStockAlerts': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "variantIds": readonly (string)[];
    };
  };
  /** Wait for it no longer; fine when one does not. */
  'catalog.withdrawStockAlert': {
    params: {
      "variantId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** What the link of a mail is about. Looking at it changes nothing. */
  'catalog.getLinkedStockAlert': {
    params: {
      "token": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "product": string;
      "handle": string;
      "confirmed": boolean;
    };
  };
  /** The mailbox wants to be told. May be repeated. */
  'catalog.confirmStockAlert': {
    params: {
      "token": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "product": string;
      "handle": string;
      "confirmed": boolean;
    };
  };
  /** The mailbox does not, or no longer. */
  'catalog.withdrawLinkedStockAlert': {
    params: {
      "token": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** What is in most wishlists. Nothing says in whose. */
  'catalog.adminListWanted': {
    params: undefined;
    query: {
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "variants": readonly ({
        "variantId": string;
        "productId": string;
        "lists": number;
      })[];
    };
  };
  /** What the merchant says goes with a product. Where nothing was chosen, recommendations have something to say. */
  'catalog.getRelated': {
    params: {
      "handle": string;
    };
    query: {
      "currency"?: string | undefined;
      "locale"?: string | undefined;
    };
    body: undefined;
    response: {
      "crossSell": readonly ({
        "id": string;
        "handle": string;
        "title": string;
        "vendor": string;
        "type": string;
        "tags": readonly (string)[];
        "image": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "secondImage": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "priceRange": {
          "min": {
            "amount": number;
            "currency": string;
          };
          "max": {
            "amount": number;
            "currency": string;
          };
        } | null;
        "compareAtPrice": {
          "amount": number;
          "currency": string;
        } | null;
        "variantIds": readonly (string)[];
        "options": readonly ({
          "name": string;
          "values": readonly (string)[];
        })[];
        "publishedAt": string | null;
        "rating": {
          "average": number;
          "count": number;
        } | null;
      })[];
      "upSell": readonly ({
        "id": string;
        "handle": string;
        "title": string;
        "vendor": string;
        "type": string;
        "tags": readonly (string)[];
        "image": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "secondImage": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "priceRange": {
          "min": {
            "amount": number;
            "currency": string;
          };
          "max": {
            "amount": number;
            "currency": string;
          };
        } | null;
        "compareAtPrice": {
          "amount": number;
          "currency": string;
        } | null;
        "variantIds": readonly (string)[];
        "options": readonly ({
          "name": string;
          "values": readonly (string)[];
        })[];
        "publishedAt": string | null;
        "rating": {
          "average": number;
          "count": number;
        } | null;
      })[];
      "accessories": readonly ({
        "id": string;
        "handle": string;
        "title": string;
        "vendor": string;
        "type": string;
        "tags": readonly (string)[];
        "image": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "secondImage": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "priceRange": {
          "min": {
            "amount": number;
            "currency": string;
          };
          "max": {
            "amount": number;
            "currency": string;
          };
        } | null;
        "compareAtPrice": {
          "amount": number;
          "currency": string;
        } | null;
        "variantIds": readonly (string)[];
        "options": readonly ({
          "name": string;
          "values": readonly (string)[];
        })[];
        "publishedAt": string | null;
        "rating": {
          "average": number;
          "count": number;
        } | null;
      })[];
    };
  };
  /** What was chosen to go with a product, and what others say of it. */
  'catalog.adminGetRelated': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "version": number;
      "crossSell": readonly ({
        "productId": string;
        "handle": string;
        "title": string;
        "mutual": boolean;
      })[];
      "upSell": readonly ({
        "productId": string;
        "handle": string;
        "title": string;
        "mutual": boolean;
      })[];
      "accessories": readonly ({
        "productId": string;
        "handle": string;
        "title": string;
        "mutual": boolean;
      })[];
      "fromOthers": readonly ({
        "productId": string;
        "handle": string;
        "title": string;
        "kind": "crossSell" | "upSell" | "accessories";
      })[];
    };
  };
  /** Replace it all; 409 when someone else changed it since `version`. */
  'catalog.adminPutRelated': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "version": number;
      "crossSell": readonly ({
        "productId": string;
        "mutual"?: boolean | undefined;
      })[];
      "upSell": readonly ({
        "productId": string;
        "mutual"?: boolean | undefined;
      })[];
      "accessories": readonly ({
        "productId": string;
        "mutual"?: boolean | undefined;
      })[];
    };
    response: {
      "version": number;
      "crossSell": readonly ({
        "productId": string;
        "handle": string;
        "title": string;
        "mutual": boolean;
      })[];
      "upSell": readonly ({
        "productId": string;
        "handle": string;
        "title": string;
        "mutual": boolean;
      })[];
      "accessories": readonly ({
        "productId": string;
        "handle": string;
        "title": string;
        "mutual": boolean;
      })[];
      "fromOthers": readonly ({
        "productId": string;
        "handle": string;
        "title": string;
        "kind": "crossSell" | "upSell" | "accessories";
      })[];
    };
  };
  /** A guest’s token, sent as a bearer token or in the socket’s hello: who keeps it is known again. */
  'chat.becomeGuest': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "me": string;
      "guest": string;
    };
  };
  /** Open a room, or come back to it: of support and assistant each person has one that is open. */
  'chat.openRoom': {
    params: undefined;
    query: undefined;
    body: {
      "kind": "support" | "assistant" | "group";
      "title"?: string | undefined;
      "access"?: "members" | "open" | undefined;
      "key"?: string | undefined;
    };
    response: {
      "id": string;
      "kind": "support" | "group" | "assistant";
      "access": "members" | "open";
      "title": string;
      "createdBy": string | null;
      "createdAt": string;
      "closedAt": string | null;
      "seq": number;
      "read": number;
      "unread": number;
    };
  };
  /** The rooms one is in, with what is unread, the most active first. */
  'chat.listRooms': {
    params: undefined;
    query: {
      "kind"?: "support" | "group" | "assistant" | undefined;
      "open"?: string | undefined;
      "limit"?: number | undefined;
      "cursor"?: string | undefined;
    };
    body: undefined;
    response: {
      "rooms": readonly ({
        "id": string;
        "kind": "support" | "group" | "assistant";
        "access": "members" | "open";
        "title": string;
        "createdBy": string | null;
        "createdAt": string;
        "closedAt": string | null;
        "seq": number;
        "read": number;
        "unread": number;
      })[];
      "nextCursor": string | null;
    };
  };
  /** A page of a room’s messages, in order. */
  'chat.listMessages': {
    params: {
      "roomId": string;
    };
    query: {
      "before"?: number | undefined;
      "after"?: number | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "messages": readonly ({
        "seq": number;
        "from": string;
        "cid": string | null;
        "kind": "text" | "removal" | "notice";
        "text": string;
        "attachments"?: readonly ({
          "kind": "file";
          "id": string;
        } | {
          "kind": "product";
          "handle": string;
          "title": string;
        })[] | undefined;
        "ref"?: number | undefined;
        "at": string;
      })[];
      "seq": number;
    };
  };
  /** Write a message without a socket. The same `cid` again writes nothing and answers the same. */
  'chat.writeMessage': {
    params: {
      "roomId": string;
    };
    query: undefined;
    body: {
      "cid": string;
      "text": string;
      "attachments"?: readonly ({
        "kind": "file";
        "id": string;
      } | {
        "kind": "product";
        "handle": string;
        "title": string;
      })[] | undefined;
    };
    response: {
      "cid": string;
      "seq": number;
      "at": string;
    };
  };
  /** Say how far one has read. */
  'chat.markRead': {
    params: {
      "roomId": string;
    };
    query: undefined;
    body: {
      "seq": number;
    };
    response: undefined;
  };
  /** Let a customer into a group one has made. */
  'chat.letIn': {
    params: {
      "roomId": string;
      "person": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Leave a group, or take somebody out of one’s own. */
  'chat.sendOut': {
    params: {
      "roomId": string;
      "person": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Bring a picture or a PDF into a room, for a message to show: PNG, JPEG, GIF, WebP or PDF. */
  'chat.attach': {
    params: {
      "roomId": string;
    };
    query: {
      "name"?: string | undefined;
    };
    body: string;
    response: {
      "id": string;
      "name": string;
      "contentType": string;
      "size": number;
    };
  };
  /** A file that was brought into a room. */
  'chat.getAttachment': {
    params: {
      "roomId": string;
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Tell the merchant of a message that should not be there. */
  'chat.reportMessage': {
    params: {
      "roomId": string;
      "seq": number;
    };
    query: undefined;
    body: {
      "reason": string;
    };
    response: undefined;
  };
  /** Every room of the shop, the most active first, with what the merchant has not read. */
  'chat.listAllRooms': {
    params: undefined;
    query: {
      "kind"?: "support" | "group" | "assistant" | undefined;
      "open"?: string | undefined;
      "limit"?: number | undefined;
      "cursor"?: string | undefined;
    };
    body: undefined;
    response: {
      "rooms": readonly ({
        "id": string;
        "kind": "support" | "group" | "assistant";
        "access": "members" | "open";
        "title": string;
        "createdBy": string | null;
        "createdAt": string;
        "closedAt": string | null;
        "seq": number;
        "read": number;
        "unread": number;
      })[];
      "nextCursor": string | null;
    };
  };
  /** A page of any room’s messages, in order. */
  'chat.readMessages': {
    params: {
      "roomId": string;
    };
    query: {
      "before"?: number | undefined;
      "after"?: number | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "messages": readonly ({
        "seq": number;
        "from": string;
        "cid": string | null;
        "kind": "text" | "removal" | "notice";
        "text": string;
        "attachments"?: readonly ({
          "kind": "file";
          "id": string;
        } | {
          "kind": "product";
          "handle": string;
          "title": string;
        })[] | undefined;
        "ref"?: number | undefined;
        "at": string;
      })[];
      "seq": number;
    };
  };
  /** Write a message as the merchant. */
  'chat.reply': {
    params: {
      "roomId": string;
    };
    query: undefined;
    body: {
      "cid": string;
      "text": string;
      "attachments"?: readonly ({
        "kind": "file";
        "id": string;
      } | {
        "kind": "product";
        "handle": string;
        "title": string;
      })[] | undefined;
    };
    response: {
      "cid": string;
      "seq": number;
      "at": string;
    };
  };
  /** Name a room, close it or open it again. Nobody writes into a room that is closed. */
  'chat.changeRoom': {
    params: {
      "roomId": string;
    };
    query: undefined;
    body: {
      "title"?: string | undefined;
      "closed"?: boolean | undefined;
    };
    response: {
      "id": string;
      "kind": "support" | "group" | "assistant";
      "access": "members" | "open";
      "title": string;
      "createdBy": string | null;
      "createdAt": string;
      "closedAt": string | null;
      "seq": number;
      "read": number;
      "unread": number;
    };
  };
  /** Who is in a room, how far each has read, who is muted or banned. */
  'chat.listMembers': {
    params: {
      "roomId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "members": readonly ({
        "person": string;
        "role": "owner" | "member" | "merchant";
        "read": number;
        "mutedUntil": string | null;
        "banned": boolean;
      })[];
    };
  };
  /** Mute somebody for a while, or ban them; null and false take it back. */
  'chat.moderateMember': {
    params: {
      "roomId": string;
      "person": string;
    };
    query: undefined;
    body: {
      "mutedUntil"?: string | null | undefined;
      "banned"?: boolean | undefined;
    };
    response: {
      "person": string;
      "role": "owner" | "member" | "merchant";
      "read": number;
      "mutedUntil": string | null;
      "banned": boolean;
    };
  };
  /** Take a message down: its text and files are gone, its place stays. */
  'chat.removeMessage': {
    params: {
      "roomId": string;
      "seq": number;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Messages that were reported and are not settled, the oldest first. */
  'chat.listReports': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "reports": readonly ({
        "roomId": string;
        "seq": number;
        "reporter": string;
        "reason": string;
        "at": string;
        "text": string;
      })[];
    };
  };
  /** Settle what was reported of a message and leave it where it is. */
  'chat.settleReports': {
    params: {
      "roomId": string;
      "seq": number;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Words that are refused, and the assistant. */
  'chat.getSettings': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "blockedWords": readonly (string)[];
      "assistant": boolean;
      "greeting": string;
    };
  };
  /** Replace the settings; in force everywhere within half a minute. */
  'chat.putSettings': {
    params: undefined;
    query: undefined;
    body: {
      "blockedWords"?: readonly (string)[] | undefined;
      "assistant"?: boolean | undefined;
      "greeting"?: string | undefined;
    };
    response: {
      "blockedWords": readonly (string)[];
      "assistant": boolean;
      "greeting": string;
    };
  };
  /** What a flag is for somebody (OFREP: give an OpenFeature provider the base URL …/api/marketing). Who is given a variant by an experiment takes part in it from now on. */
  'marketing.evaluateFlag': {
    params: {
      "key": string;
    };
    query: undefined;
    body: {
      "context"?: {
        "targetingKey"?: string | undefined;
      } | undefined;
    };
    response: {
      "key": string;
      "value"?: boolean | string | number | undefined;
      "variant"?: string | undefined;
      "reason"?: "STATIC" | "SPLIT" | "TARGETING_MATCH" | "DISABLED" | "DEFAULT" | undefined;
      "errorCode"?: "FLAG_NOT_FOUND" | "TARGETING_KEY_MISSING" | "TYPE_MISMATCH" | undefined;
      "errorDetails"?: string | undefined;
    };
  };
  /** What all flags are for somebody (OFREP). Nobody takes part in an experiment by that: a page says what it showed by an exposure. */
  'marketing.evaluateFlags': {
    params: undefined;
    query: undefined;
    body: {
      "context"?: {
        "targetingKey"?: string | undefined;
      } | undefined;
    };
    response: {
      "flags": readonly ({
        "key": string;
        "value"?: boolean | string | number | undefined;
        "variant"?: string | undefined;
        "reason"?: "STATIC" | "SPLIT" | "TARGETING_MATCH" | "DISABLED" | "DEFAULT" | undefined;
        "errorCode"?: "FLAG_NOT_FOUND" | "TARGETING_KEY_MISSING" | "TYPE_MISMATCH" | undefined;
        "errorDetails"?: string | undefined;
      })[];
    };
  };
  /** A page showed what a flag says. May be repeated: the first time counts. */
  'marketing.expose': {
    params: undefined;
    query: undefined;
    body: {
      "flagKey": string;
      "context": {
        "targetingKey": string;
      };
    };
    response: undefined;
  };
  /** Somebody did what experiments count, or placed an order. May be repeated: it counts once. */
  'marketing.reachGoal': {
    params: undefined;
    query: undefined;
    body: {
      "targetingKey": string;
      "goal"?: string | undefined;
      "orderId"?: string | undefined;
    };
    response: undefined;
  };
  /** Every flag. */
  'marketing.listFlags': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "flags": readonly ({
        "key": string;
        "version": number;
        "summary": string;
        "enabled": boolean;
        "variants": Readonly<Record<string, boolean | string | number>>;
        "off": string;
        "rules": readonly ({
          "when": readonly ({
            "attribute": string;
            "is": "one-of";
            "values": readonly (boolean | string | number)[];
          } | {
            "attribute": string;
            "is": "none-of";
            "values": readonly (boolean | string | number)[];
          } | {
            "attribute": string;
            "is": "at-least";
            "value": number;
          } | {
            "attribute": string;
            "is": "at-most";
            "value": number;
          })[];
          "serve": readonly ({
            "variant": string;
            "weight": number;
          })[];
        })[];
        "serve": readonly ({
          "variant": string;
          "weight": number;
        })[];
        "experimentId"?: string | undefined;
        "updatedAt": string;
      })[];
    };
  };
  /** One flag. */
  'marketing.getFlag': {
    params: {
      "key": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "key": string;
      "version": number;
      "summary": string;
      "enabled": boolean;
      "variants": Readonly<Record<string, boolean | string | number>>;
      "off": string;
      "rules": readonly ({
        "when": readonly ({
          "attribute": string;
          "is": "one-of";
          "values": readonly (boolean | string | number)[];
        } | {
          "attribute": string;
          "is": "none-of";
          "values": readonly (boolean | string | number)[];
        } | {
          "attribute": string;
          "is": "at-least";
          "value": number;
        } | {
          "attribute": string;
          "is": "at-most";
          "value": number;
        })[];
        "serve": readonly ({
          "variant": string;
          "weight": number;
        })[];
      })[];
      "serve": readonly ({
        "variant": string;
        "weight": number;
      })[];
      "experimentId"?: string | undefined;
      "updatedAt": string;
    };
  };
  /** Make a flag, or write it anew. Runtimes take it up within seconds. */
  'marketing.putFlag': {
    params: {
      "key": string;
    };
    query: undefined;
    body: {
      "summary"?: string | undefined;
      "enabled": boolean;
      "variants": Readonly<Record<string, boolean | string | number>>;
      "off": string;
      "rules"?: readonly ({
        "when": readonly ({
          "attribute": string;
          "is": "one-of";
          "values": readonly (boolean | string | number)[];
        } | {
          "attribute": string;
          "is": "none-of";
          "values": readonly (boolean | string | number)[];
        } | {
          "attribute": string;
          "is": "at-least";
          "value": number;
        } | {
          "attribute": string;
          "is": "at-most";
          "value": number;
        })[];
        "serve": readonly ({
          "variant": string;
          "weight": number;
        })[];
      })[] | undefined;
      "serve": readonly ({
        "variant": string;
        "weight": number;
      })[];
      "version"?: number | undefined;
    };
    response: {
      "key": string;
      "version": number;
      "summary": string;
      "enabled": boolean;
      "variants": Readonly<Record<string, boolean | string | number>>;
      "off": string;
      "rules": readonly ({
        "when": readonly ({
          "attribute": string;
          "is": "one-of";
          "values": readonly (boolean | string | number)[];
        } | {
          "attribute": string;
          "is": "none-of";
          "values": readonly (boolean | string | number)[];
        } | {
          "attribute": string;
          "is": "at-least";
          "value": number;
        } | {
          "attribute": string;
          "is": "at-most";
          "value": number;
        })[];
        "serve": readonly ({
          "variant": string;
          "weight": number;
        })[];
      })[];
      "serve": readonly ({
        "variant": string;
        "weight": number;
      })[];
      "experimentId"?: string | undefined;
      "updatedAt": string;
    };
  };
  /** Remove a flag: whoever asks for it goes on with their own default. */
  'marketing.deleteFlag': {
    params: {
      "key": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Experiments, newest first, at most two hundred. */
  'marketing.listExperiments': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "experiments": readonly ({
        "id": string;
        "state": "draft" | "running" | "ended";
        "plan": {
          "name": string;
          "flagKey": string;
          "control": string;
          "shares": readonly ({
            "variant": string;
            "weight": number;
          })[];
          "goal": string;
          "guards": readonly ({
            "goal": string;
            "worse": "less" | "more";
          })[];
          "alpha": number;
          "scale": number;
          "windowHours": number;
        };
        "createdAt": string;
        "startedAt"?: string | undefined;
        "endedAt"?: string | undefined;
        "endedBy"?: "merchant" | "guard" | "mismatch" | undefined;
      })[];
    };
  };
  /** Plan an experiment. Goal, guards, shares and error are fixed from now on. */
  'marketing.createExperiment': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "flagKey": string;
      "control": string;
      "shares": readonly ({
        "variant": string;
        "weight": number;
      })[];
      "goal": string;
      "guards"?: readonly ({
        "goal": string;
        "worse": "less" | "more";
      })[] | undefined;
      "alpha"?: number | undefined;
      "scale"?: number | undefined;
      "windowHours"?: number | undefined;
    };
    response: {
      "id": string;
      "state": "draft" | "running" | "ended";
      "plan": {
        "name": string;
        "flagKey": string;
        "control": string;
        "shares": readonly ({
          "variant": string;
          "weight": number;
        })[];
        "goal": string;
        "guards": readonly ({
          "goal": string;
          "worse": "less" | "more";
        })[];
        "alpha": number;
        "scale": number;
        "windowHours": number;
      };
      "createdAt": string;
      "startedAt"?: string | undefined;
      "endedAt"?: string | undefined;
      "endedBy"?: "merchant" | "guard" | "mismatch" | undefined;
    };
  };
  /** Give its variants out from now on. One experiment a flag at a time. */
  'marketing.startExperiment': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "state": "draft" | "running" | "ended";
      "plan": {
        "name": string;
        "flagKey": string;
        "control": string;
        "shares": readonly ({
          "variant": string;
          "weight": number;
        })[];
        "goal": string;
        "guards": readonly ({
          "goal": string;
          "worse": "less" | "more";
        })[];
        "alpha": number;
        "scale": number;
        "windowHours": number;
      };
      "createdAt": string;
      "startedAt"?: string | undefined;
      "endedAt"?: string | undefined;
      "endedBy"?: "merchant" | "guard" | "mismatch" | undefined;
    };
  };
  /** Give its variants out no more: the flag is what it says itself. May be done at any time. */
  'marketing.endExperiment': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "state": "draft" | "running" | "ended";
      "plan": {
        "name": string;
        "flagKey": string;
        "control": string;
        "shares": readonly ({
          "variant": string;
          "weight": number;
        })[];
        "goal": string;
        "guards": readonly ({
          "goal": string;
          "worse": "less" | "more";
        })[];
        "alpha": number;
        "scale": number;
        "windowHours": number;
      };
      "createdAt": string;
      "startedAt"?: string | undefined;
      "endedAt"?: string | undefined;
      "endedBy"?: "merchant" | "guard" | "mismatch" | undefined;
    };
  };
  /** What it has shown so far, and whether it can be believed. */
  'marketing.getResults': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "experiment": {
        "id": string;
        "state": "draft" | "running" | "ended";
        "plan": {
          "name": string;
          "flagKey": string;
          "control": string;
          "shares": readonly ({
            "variant": string;
            "weight": number;
          })[];
          "goal": string;
          "guards": readonly ({
            "goal": string;
            "worse": "less" | "more";
          })[];
          "alpha": number;
          "scale": number;
          "windowHours": number;
        };
        "createdAt": string;
        "startedAt"?: string | undefined;
        "endedAt"?: string | undefined;
        "endedBy"?: "merchant" | "guard" | "mismatch" | undefined;
      };
      "verdict": "undecided" | "better" | "worse" | "harmful" | "untrustworthy";
      "exposed": Readonly<Record<string, number>>;
      "ratioPValue": number;
      "comparisons": readonly ({
        "goal": string;
        "variant": string;
        "control": {
          "people": number;
          "did": number;
        };
        "treated": {
          "people": number;
          "did": number;
        };
        "pValue": number;
        "difference": {
          "low": number;
          "high": number;
        };
        "significant": boolean;
      })[];
    };
  };
  /** How many customers a segment has at present. */
  'marketing.countSegment': {
    params: undefined;
    query: undefined;
    body: {
      "orders"?: {
        "atLeast"?: number | undefined;
        "atMost"?: number | undefined;
      } | undefined;
      "spent"?: {
        "atLeast"?: number | undefined;
        "atMost"?: number | undefined;
        "currency": string;
      } | undefined;
      "lastOrderDays"?: {
        "within"?: number | undefined;
        "notWithin"?: number | undefined;
      } | undefined;
      "registeredDays"?: {
        "within"?: number | undefined;
        "notWithin"?: number | undefined;
      } | undefined;
      "languages"?: readonly (string)[] | undefined;
    };
    response: {
      "customers": number;
    };
  };
  /** Campaigns, newest first, at most two hundred. */
  'marketing.listCampaigns': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "campaigns": readonly ({
        "id": string;
        "state": "scheduled" | "sending" | "sent" | "cancelled";
        "name": string;
        "segment": {
          "orders"?: {
            "atLeast"?: number | undefined;
            "atMost"?: number | undefined;
          } | undefined;
          "spent"?: {
            "atLeast"?: number | undefined;
            "atMost"?: number | undefined;
            "currency": string;
          } | undefined;
          "lastOrderDays"?: {
            "within"?: number | undefined;
            "notWithin"?: number | undefined;
          } | undefined;
          "registeredDays"?: {
            "within"?: number | undefined;
            "notWithin"?: number | undefined;
          } | undefined;
          "languages"?: readonly (string)[] | undefined;
        };
        "channels": readonly ("mail" | "sms" | "push")[];
        "content": {
          "title": string;
          "paragraphs": readonly (string)[];
          "label": string;
          "path": string;
        };
        "sendAt": string;
        "reached": number;
        "createdAt": string;
        "endedAt"?: string | undefined;
      })[];
    };
  };
  /** Tell the customers of a segment something, once each, at a time. Who is in the segment is seen then; who did not ask for news hears nothing. */
  'marketing.createCampaign': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "segment": {
        "orders"?: {
          "atLeast"?: number | undefined;
          "atMost"?: number | undefined;
        } | undefined;
        "spent"?: {
          "atLeast"?: number | undefined;
          "atMost"?: number | undefined;
          "currency": string;
        } | undefined;
        "lastOrderDays"?: {
          "within"?: number | undefined;
          "notWithin"?: number | undefined;
        } | undefined;
        "registeredDays"?: {
          "within"?: number | undefined;
          "notWithin"?: number | undefined;
        } | undefined;
        "languages"?: readonly (string)[] | undefined;
      };
      "channels": readonly ("mail" | "sms" | "push")[];
      "content": {
        "title": string;
        "paragraphs": readonly (string)[];
        "label": string;
        "path": string;
      };
      "sendAt"?: string | undefined;
    };
    response: {
      "id": string;
      "state": "scheduled" | "sending" | "sent" | "cancelled";
      "name": string;
      "segment": {
        "orders"?: {
          "atLeast"?: number | undefined;
          "atMost"?: number | undefined;
        } | undefined;
        "spent"?: {
          "atLeast"?: number | undefined;
          "atMost"?: number | undefined;
          "currency": string;
        } | undefined;
        "lastOrderDays"?: {
          "within"?: number | undefined;
          "notWithin"?: number | undefined;
        } | undefined;
        "registeredDays"?: {
          "within"?: number | undefined;
          "notWithin"?: number | undefined;
        } | undefined;
        "languages"?: readonly (string)[] | undefined;
      };
      "channels": readonly ("mail" | "sms" | "push")[];
      "content": {
        "title": string;
        "paragraphs": readonly (string)[];
        "label": string;
        "path": string;
      };
      "sendAt": string;
      "reached": number;
      "createdAt": string;
      "endedAt"?: string | undefined;
    };
  };
  /** A campaign, and how far it is. */
  'marketing.getCampaign': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "state": "scheduled" | "sending" | "sent" | "cancelled";
      "name": string;
      "segment": {
        "orders"?: {
          "atLeast"?: number | undefined;
          "atMost"?: number | undefined;
        } | undefined;
        "spent"?: {
          "atLeast"?: number | undefined;
          "atMost"?: number | undefined;
          "currency": string;
        } | undefined;
        "lastOrderDays"?: {
          "within"?: number | undefined;
          "notWithin"?: number | undefined;
        } | undefined;
        "registeredDays"?: {
          "within"?: number | undefined;
          "notWithin"?: number | undefined;
        } | undefined;
        "languages"?: readonly (string)[] | undefined;
      };
      "channels": readonly ("mail" | "sms" | "push")[];
      "content": {
        "title": string;
        "paragraphs": readonly (string)[];
        "label": string;
        "path": string;
      };
      "sendAt": string;
      "reached": number;
      "createdAt": string;
      "endedAt"?: string | undefined;
    };
  };
  /** Tell nobody more of it. */
  'marketing.cancelCampaign': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "state": "scheduled" | "sending" | "sent" | "cancelled";
      "name": string;
      "segment": {
        "orders"?: {
          "atLeast"?: number | undefined;
          "atMost"?: number | undefined;
        } | undefined;
        "spent"?: {
          "atLeast"?: number | undefined;
          "atMost"?: number | undefined;
          "currency": string;
        } | undefined;
        "lastOrderDays"?: {
          "within"?: number | undefined;
          "notWithin"?: number | undefined;
        } | undefined;
        "registeredDays"?: {
          "within"?: number | undefined;
          "notWithin"?: number | undefined;
        } | undefined;
        "languages"?: readonly (string)[] | undefined;
      };
      "channels": readonly ("mail" | "sms" | "push")[];
      "content": {
        "title": string;
        "paragraphs": readonly (string)[];
        "label": string;
        "path": string;
      };
      "sendAt": string;
      "reached": number;
      "createdAt": string;
      "endedAt"?: string | undefined;
    };
  };
  /** The signed-in customer’s points, and what they were earned and spent for. */
  'marketing.getPoints': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "balance": number;
      "program": {
        "enabled": boolean;
        "currency": string;
        "perPoint": number;
        "worth": number;
        "least": number;
      };
      "entries": readonly ({
        "sequence": number;
        "kind": "earned" | "taken" | "spent" | "granted";
        "points": number;
        "balance": number;
        "orderId"?: string | undefined;
        "note"?: string | undefined;
        "at": string;
      })[];
      "redemptions": readonly ({
        "id": string;
        "points": number;
        "amount": number;
        "currency": string;
        "at": string;
      })[];
    };
  };
  /** Make a gift card of points. Its code is fetched by itself, as often as it is lost. */
  'marketing.redeemPoints': {
    params: undefined;
    query: undefined;
    body: {
      "points": number;
    };
    response: {
      "id": string;
      "points": number;
      "amount": number;
      "currency": string;
      "at": string;
    };
  };
  /** The code of the gift card. Each time it is another one, and the one before is void; none once the card is in use. */
  'marketing.fetchPointsCard': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "code": string;
      "amount": number;
      "currency": string;
    };
  };
  /** A customer’s points. */
  'marketing.getCustomerPoints': {
    params: {
      "customerId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "balance": number;
      "program": {
        "enabled": boolean;
        "currency": string;
        "perPoint": number;
        "worth": number;
        "least": number;
      };
      "entries": readonly ({
        "sequence": number;
        "kind": "earned" | "taken" | "spent" | "granted";
        "points": number;
        "balance": number;
        "orderId"?: string | undefined;
        "note"?: string | undefined;
        "at": string;
      })[];
      "redemptions": readonly ({
        "id": string;
        "points": number;
        "amount": number;
        "currency": string;
        "at": string;
      })[];
    };
  };
  /** Give a customer points, or take some back, and say why. */
  'marketing.grantPoints': {
    params: {
      "customerId": string;
    };
    query: undefined;
    body: {
      "points": number;
      "note": string;
    };
    response: {
      "sequence": number;
      "kind": "earned" | "taken" | "spent" | "granted";
      "points": number;
      "balance": number;
      "orderId"?: string | undefined;
      "note"?: string | undefined;
      "at": string;
    };
  };
  /** Whether people are reminded of carts they left, and what points are earned for and worth. */
  'marketing.getSettings': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "abandonedCarts": {
        "enabled": boolean;
        "afterMinutes": number;
        "channels": readonly ("mail" | "sms" | "push")[];
      };
      "loyalty": {
        "enabled": boolean;
        "currency": string;
        "perPoint": number;
        "worth": number;
        "least": number;
      };
    };
  };
  /** Change that. Carts that were left before are not told of. */
  'marketing.putSettings': {
    params: undefined;
    query: undefined;
    body: {
      "abandonedCarts"?: {
        "enabled"?: boolean | undefined;
        "afterMinutes"?: number | undefined;
        "channels"?: readonly ("mail" | "sms" | "push")[] | undefined;
      } | undefined;
      "loyalty"?: {
        "enabled"?: boolean | undefined;
        "currency"?: string | undefined;
        "perPoint"?: number | undefined;
        "worth"?: number | undefined;
        "least"?: number | undefined;
      } | undefined;
    };
    response: {
      "abandonedCarts": {
        "enabled": boolean;
        "afterMinutes": number;
        "channels": readonly ("mail" | "sms" | "push")[];
      };
      "loyalty": {
        "enabled": boolean;
        "currency": string;
        "perPoint": number;
        "worth": number;
        "least": number;
      };
    };
  };
  /** A picture in the size, shape and format asked for, painted anew: never enlarged, without what its camera noted. Sizes go by a ladder. */
  'media.getPicture': {
    params: {
      "id": string;
    };
    query: {
      "w"?: number | undefined;
      "h"?: number | undefined;
      "fit"?: "contain" | "cover" | undefined;
      "focus"?: string | undefined;
      "format"?: "auto" | "webp" | "avif" | "jpeg" | "png" | undefined;
      "q"?: number | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** A picture that a shopper has brought, painted as those of the library are, once what shows it is public. */
  'media.getShopperPicture': {
    params: {
      "id": string;
    };
    query: {
      "w"?: number | undefined;
      "h"?: number | undefined;
      "fit"?: "contain" | "cover" | undefined;
      "focus"?: string | undefined;
      "format"?: "auto" | "webp" | "avif" | "jpeg" | "png" | undefined;
      "q"?: number | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** A picture that the customer has brought, shown to others or not. */
  'media.getOwnShopperPicture': {
    params: {
      "id": string;
    };
    query: {
      "w"?: number | undefined;
      "h"?: number | undefined;
      "fit"?: "contain" | "cover" | undefined;
      "focus"?: string | undefined;
      "format"?: "auto" | "webp" | "avif" | "jpeg" | "png" | undefined;
      "q"?: number | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** A picture that a shopper has brought, shown or not. */
  'media.adminGetShopperPicture': {
    params: {
      "id": string;
    };
    query: {
      "w"?: number | undefined;
      "h"?: number | undefined;
      "fit"?: "contain" | "cover" | undefined;
      "focus"?: string | undefined;
      "format"?: "auto" | "webp" | "avif" | "jpeg" | "png" | undefined;
      "q"?: number | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /** Announce a picture: answers where its bytes go, for a quarter of an hour. */
  'media.beginUpload': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "contentType": "image/jpeg" | "image/png" | "image/webp" | "image/avif" | "image/gif" | "image/svg+xml";
      "size": number;
      "alt"?: string | undefined;
    };
    response: {
      "id": string;
      "state": "pending" | "ready" | "refused" | "expired";
      "name": string;
      "contentType": "image/jpeg" | "image/png" | "image/webp" | "image/avif" | "image/gif" | "image/svg+xml";
      "size": number;
      "expiresAt": string;
      "refusal": {
        "reason": "size" | "unknown_type" | "other_type" | "polyglot" | "broken" | "too_many_pixels" | "too_many_pages" | "unsafe" | "infected";
        "explanation": string;
      } | null;
      "assetId": string | null;
      "destination": {
        "method": "PUT";
        "url": string;
        "headers": Readonly<Record<string, string>>;
      };
    };
  };
  /** How an upload stands. */
  'media.getUpload': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "state": "pending" | "ready" | "refused" | "expired";
      "name": string;
      "contentType": "image/jpeg" | "image/png" | "image/webp" | "image/avif" | "image/gif" | "image/svg+xml";
      "size": number;
      "expiresAt": string;
      "refusal": {
        "reason": "size" | "unknown_type" | "other_type" | "polyglot" | "broken" | "too_many_pixels" | "too_many_pages" | "unsafe" | "infected";
        "explanation": string;
      } | null;
      "assetId": string | null;
    };
  };
  /** Check what has come: the picture is in the library then, or the upload refused with the reason. May be repeated. */
  'media.finishUpload': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "state": "pending" | "ready" | "refused" | "expired";
      "name": string;
      "contentType": "image/jpeg" | "image/png" | "image/webp" | "image/avif" | "image/gif" | "image/svg+xml";
      "size": number;
      "expiresAt": string;
      "refusal": {
        "reason": "size" | "unknown_type" | "other_type" | "polyglot" | "broken" | "too_many_pixels" | "too_many_pages" | "unsafe" | "infected";
        "explanation": string;
      } | null;
      "assetId": string | null;
    };
  };
  /** The library, the youngest first, in pages. */
  'media.listAssets': {
    params: undefined;
    query: {
      "q"?: string | undefined;
      "limit"?: number | undefined;
      "cursor"?: string | undefined;
    };
    body: undefined;
    response: {
      "assets": readonly ({
        "id": string;
        "name": string;
        "contentType": "image/jpeg" | "image/png" | "image/webp" | "image/avif" | "image/gif" | "image/svg+xml";
        "size": number;
        "width": number | null;
        "height": number | null;
        "pages": number;
        "url": string;
        "alt": Readonly<Record<string, string>>;
        "scannedBy": string | null;
        "createdAt": string;
      })[];
      "nextCursor": string | null;
    };
  };
  /** One picture of the library. */
  'media.getAsset': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "name": string;
      "contentType": "image/jpeg" | "image/png" | "image/webp" | "image/avif" | "image/gif" | "image/svg+xml";
      "size": number;
      "width": number | null;
      "height": number | null;
      "pages": number;
      "url": string;
      "alt": Readonly<Record<string, string>>;
      "scannedBy": string | null;
      "createdAt": string;
    };
  };
  /** Name a picture, and say what it shows in the shop’s languages. */
  'media.changeAsset': {
    params: {
      "id": string;
    };
    query: undefined;
    body: {
      "name"?: string | undefined;
      "alt"?: Readonly<Record<string, string | null>> | undefined;
    };
    response: {
      "id": string;
      "name": string;
      "contentType": "image/jpeg" | "image/png" | "image/webp" | "image/avif" | "image/gif" | "image/svg+xml";
      "size": number;
      "width": number | null;
      "height": number | null;
      "pages": number;
      "url": string;
      "alt": Readonly<Record<string, string>>;
      "scannedBy": string | null;
      "createdAt": string;
    };
  };
  /** Take a picture out of the library; 409 while something shows it. Its bytes go within minutes. */
  'media.deleteAsset': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** The file as it was brought. */
  'media.getOriginal': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** How much the library holds, and may hold. */
  'media.getMediaUsage': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "assets": number;
      "bytes": number;
      "reserved": number;
      "quota": number;
      "shoppers": number;
      "shoppersQuota": number;
      "scanning": boolean;
    };
  };
  /** What the signed-in customer, or whoever holds a link from a message, wants to hear, and where. */
  'notifications.getPreferences': {
    params: undefined;
    query: {
      "token"?: string | undefined;
    };
    body: undefined;
    response: {
      "contacts": readonly ({
        "id": string;
        "channel": "mail" | "sms" | "push";
        "address": string;
        "state": "active" | "pending" | "suppressed";
        "preferences": Readonly<Record<string, "on" | "off" | "daily">>;
      })[];
    };
  };
  /** Choose by category: on, off, or once a day. */
  'notifications.setPreferences': {
    params: undefined;
    query: {
      "token"?: string | undefined;
    };
    body: {
      "preferences": Readonly<Record<string, "on" | "off" | "daily">>;
    };
    response: {
      "contacts": readonly ({
        "id": string;
        "channel": "mail" | "sms" | "push";
        "address": string;
        "state": "active" | "pending" | "suppressed";
        "preferences": Readonly<Record<string, "on" | "off" | "daily">>;
      })[];
    };
  };
  /** A page with one button. Looking at it changes nothing: mail programs look at every link. */
  'notifications.showUnsubscribe': {
    params: undefined;
    query: {
      "token": string;
    };
    body: undefined;
    response: undefined;
  };
  /** End a category for an address, by one click (RFC 8058). May be repeated. */
  'notifications.unsubscribe': {
    params: undefined;
    query: {
      "token": string;
    };
    body: string;
    response: undefined;
  };
  /** What a browser subscribes to push messages with; 404 where the shop has none. */
  'notifications.getPushKey': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "publicKey": string;
    };
  };
  /** Send push messages to this browser of the signed-in customer. */
  'notifications.subscribePush': {
    params: undefined;
    query: undefined;
    body: {
      "endpoint": string;
      "keys": {
        "p256dh": string;
        "auth": string;
      };
    };
    response: undefined;
  };
  /** Send none to this browser any more. */
  'notifications.unsubscribePush': {
    params: undefined;
    query: undefined;
    body: {
      "endpoint": string;
    };
    response: undefined;
  };
  /** Send a code to a telephone, which has to come back before anything else is sent there. */
  'notifications.addPhone': {
    params: undefined;
    query: undefined;
    body: {
      "phone": string;
    };
    response: undefined;
  };
  /** The code that came by SMS. */
  'notifications.confirmPhone': {
    params: undefined;
    query: undefined;
    body: {
      "phone": string;
      "code": string;
    };
    response: undefined;
  };
  /** A page that shows what was sent while no provider is set up, to whoever has the admin key. */
  'notifications.showOutbox': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Kinds of messages, and the languages there are templates in. */
  'notifications.listTemplates': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "templates": readonly ({
        "kind": "accounts.welcome" | "accounts.registration" | "accounts.known" | "accounts.reset" | "accounts.erasure" | "accounts.erased" | "accounts.signed_out" | "accounts.password" | "staff.password" | "staff.signed_out" | "staff.invitation" | "companies.invitation" | "companies.approved" | "companies.approval" | "companies.granted" | "companies.declined" | "orders.confirmed" | "orders.paid" | "orders.shipped" | "orders.refunded" | "orders.cancelled" | "orders.edited" | "orders.exchange" | "orders.offer" | "orders.message" | "marketing.cart" | "marketing.campaign" | "reviews.request" | "wishes.back" | "wishes.cheaper" | "alerts.confirm" | "alerts.back" | "merchant.order" | "merchant.quote" | "merchant.company" | "merchant.review" | "merchant.dispute" | "merchant.refund_failed" | "merchant.webhook" | "digest" | "contact.code";
        "channel": "mail" | "sms" | "push";
        "category": "account" | "orders" | "marketing" | "wishes" | "reviews" | "merchant" | "digest";
        "required": boolean;
        "builtIn": readonly (string)[];
        "own": readonly (string)[];
      })[];
    };
  };
  /** The template that is used for a language, with its variables. */
  'notifications.getTemplate': {
    params: {
      "kind": "accounts.welcome" | "accounts.registration" | "accounts.known" | "accounts.reset" | "accounts.erasure" | "accounts.erased" | "accounts.signed_out" | "accounts.password" | "staff.password" | "staff.signed_out" | "staff.invitation" | "companies.invitation" | "companies.approved" | "companies.approval" | "companies.granted" | "companies.declined" | "orders.confirmed" | "orders.paid" | "orders.shipped" | "orders.refunded" | "orders.cancelled" | "orders.edited" | "orders.exchange" | "orders.offer" | "orders.message" | "marketing.cart" | "marketing.campaign" | "reviews.request" | "wishes.back" | "wishes.cheaper" | "alerts.confirm" | "alerts.back" | "merchant.order" | "merchant.quote" | "merchant.company" | "merchant.review" | "merchant.dispute" | "merchant.refund_failed" | "merchant.webhook" | "digest" | "contact.code";
      "channel": "mail" | "sms" | "push";
      "locale": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "kind": "accounts.welcome" | "accounts.registration" | "accounts.known" | "accounts.reset" | "accounts.erasure" | "accounts.erased" | "accounts.signed_out" | "accounts.password" | "staff.password" | "staff.signed_out" | "staff.invitation" | "companies.invitation" | "companies.approved" | "companies.approval" | "companies.granted" | "companies.declined" | "orders.confirmed" | "orders.paid" | "orders.shipped" | "orders.refunded" | "orders.cancelled" | "orders.edited" | "orders.exchange" | "orders.offer" | "orders.message" | "marketing.cart" | "marketing.campaign" | "reviews.request" | "wishes.back" | "wishes.cheaper" | "alerts.confirm" | "alerts.back" | "merchant.order" | "merchant.quote" | "merchant.company" | "merchant.review" | "merchant.dispute" | "merchant.refund_failed" | "merchant.webhook" | "digest" | "contact.code";
      "channel": "mail" | "sms" | "push";
      "locale": string;
      "subject"?: string | undefined;
      "html"?: string | undefined;
      "text": string;
      "version": number;
      "variables": readonly (string)[];
    };
  };
  /** A template of the shop’s own. What it names must exist; what is wrong is told with line and column. */
  'notifications.putTemplate': {
    params: {
      "kind": "accounts.welcome" | "accounts.registration" | "accounts.known" | "accounts.reset" | "accounts.erasure" | "accounts.erased" | "accounts.signed_out" | "accounts.password" | "staff.password" | "staff.signed_out" | "staff.invitation" | "companies.invitation" | "companies.approved" | "companies.approval" | "companies.granted" | "companies.declined" | "orders.confirmed" | "orders.paid" | "orders.shipped" | "orders.refunded" | "orders.cancelled" | "orders.edited" | "orders.exchange" | "orders.offer" | "orders.message" | "marketing.cart" | "marketing.campaign" | "reviews.request" | "wishes.back" | "wishes.cheaper" | "alerts.confirm" | "alerts.back" | "merchant.order" | "merchant.quote" | "merchant.company" | "merchant.review" | "merchant.dispute" | "merchant.refund_failed" | "merchant.webhook" | "digest" | "contact.code";
      "channel": "mail" | "sms" | "push";
      "locale": string;
    };
    query: undefined;
    body: {
      "subject"?: string | undefined;
      "html"?: string | undefined;
      "text": string;
      "version"?: number | undefined;
    };
    response: {
      "kind": "accounts.welcome" | "accounts.registration" | "accounts.known" | "accounts.reset" | "accounts.erasure" | "accounts.erased" | "accounts.signed_out" | "accounts.password" | "staff.password" | "staff.signed_out" | "staff.invitation" | "companies.invitation" | "companies.approved" | "companies.approval" | "companies.granted" | "companies.declined" | "orders.confirmed" | "orders.paid" | "orders.shipped" | "orders.refunded" | "orders.cancelled" | "orders.edited" | "orders.exchange" | "orders.offer" | "orders.message" | "marketing.cart" | "marketing.campaign" | "reviews.request" | "wishes.back" | "wishes.cheaper" | "alerts.confirm" | "alerts.back" | "merchant.order" | "merchant.quote" | "merchant.company" | "merchant.review" | "merchant.dispute" | "merchant.refund_failed" | "merchant.webhook" | "digest" | "contact.code";
      "channel": "mail" | "sms" | "push";
      "locale": string;
      "subject"?: string | undefined;
      "html"?: string | undefined;
      "text": string;
      "version": number;
      "variables": readonly (string)[];
    };
  };
  /** Back to the built-in template. */
  'notifications.deleteTemplate': {
    params: {
      "kind": "accounts.welcome" | "accounts.registration" | "accounts.known" | "accounts.reset" | "accounts.erasure" | "accounts.erased" | "accounts.signed_out" | "accounts.password" | "staff.password" | "staff.signed_out" | "staff.invitation" | "companies.invitation" | "companies.approved" | "companies.approval" | "companies.granted" | "companies.declined" | "orders.confirmed" | "orders.paid" | "orders.shipped" | "orders.refunded" | "orders.cancelled" | "orders.edited" | "orders.exchange" | "orders.offer" | "orders.message" | "marketing.cart" | "marketing.campaign" | "reviews.request" | "wishes.back" | "wishes.cheaper" | "alerts.confirm" | "alerts.back" | "merchant.order" | "merchant.quote" | "merchant.company" | "merchant.review" | "merchant.dispute" | "merchant.refund_failed" | "merchant.webhook" | "digest" | "contact.code";
      "channel": "mail" | "sms" | "push";
      "locale": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** A message with made-up contents, of a template as it is or as it might be. */
  'notifications.previewTemplate': {
    params: undefined;
    query: undefined;
    body: {
      "kind": "accounts.welcome" | "accounts.registration" | "accounts.known" | "accounts.reset" | "accounts.erasure" | "accounts.erased" | "accounts.signed_out" | "accounts.password" | "staff.password" | "staff.signed_out" | "staff.invitation" | "companies.invitation" | "companies.approved" | "companies.approval" | "companies.granted" | "companies.declined" | "orders.confirmed" | "orders.paid" | "orders.shipped" | "orders.refunded" | "orders.cancelled" | "orders.edited" | "orders.exchange" | "orders.offer" | "orders.message" | "marketing.cart" | "marketing.campaign" | "reviews.request" | "wishes.back" | "wishes.cheaper" | "alerts.confirm" | "alerts.back" | "merchant.order" | "merchant.quote" | "merchant.company" | "merchant.review" | "merchant.dispute" | "merchant.refund_failed" | "merchant.webhook" | "digest" | "contact.code";
      "channel": "mail" | "sms" | "push";
      "locale": string;
      "source"?: {
        "subject"?: string | undefined;
        "html"?: string | undefined;
        "text": string;
      } | undefined;
    };
    response: {
      "locale": string;
      "subject"?: string | undefined;
      "html"?: string | undefined;
      "text": string;
    };
  };
  /** Send a message with made-up contents to an address of the merchant’s. */
  'notifications.sendTest': {
    params: undefined;
    query: undefined;
    body: {
      "kind": "accounts.welcome" | "accounts.registration" | "accounts.known" | "accounts.reset" | "accounts.erasure" | "accounts.erased" | "accounts.signed_out" | "accounts.password" | "staff.password" | "staff.signed_out" | "staff.invitation" | "companies.invitation" | "companies.approved" | "companies.approval" | "companies.granted" | "companies.declined" | "orders.confirmed" | "orders.paid" | "orders.shipped" | "orders.refunded" | "orders.cancelled" | "orders.edited" | "orders.exchange" | "orders.offer" | "orders.message" | "marketing.cart" | "marketing.campaign" | "reviews.request" | "wishes.back" | "wishes.cheaper" | "alerts.confirm" | "alerts.back" | "merchant.order" | "merchant.quote" | "merchant.company" | "merchant.review" | "merchant.dispute" | "merchant.refund_failed" | "merchant.webhook" | "digest" | "contact.code";
      "channel": "mail" | "sms";
      "locale"?: string | undefined;
      "to": string;
    };
    response: {
      "id": string;
    };
  };
  /** What was sent, or was to be, newest first. */
  'notifications.listDeliveries': {
    params: undefined;
    query: {
      "state"?: "waiting" | "gathered" | "digested" | "sent" | "declined" | "suppressed" | "bounced" | "failed" | undefined;
      "kind"?: "accounts.welcome" | "accounts.registration" | "accounts.known" | "accounts.reset" | "accounts.erasure" | "accounts.erased" | "accounts.signed_out" | "accounts.password" | "staff.password" | "staff.signed_out" | "staff.invitation" | "companies.invitation" | "companies.approved" | "companies.approval" | "companies.granted" | "companies.declined" | "orders.confirmed" | "orders.paid" | "orders.shipped" | "orders.refunded" | "orders.cancelled" | "orders.edited" | "orders.exchange" | "orders.offer" | "orders.message" | "marketing.cart" | "marketing.campaign" | "reviews.request" | "wishes.back" | "wishes.cheaper" | "alerts.confirm" | "alerts.back" | "merchant.order" | "merchant.quote" | "merchant.company" | "merchant.review" | "merchant.dispute" | "merchant.refund_failed" | "merchant.webhook" | "digest" | "contact.code" | undefined;
      "recipient"?: string | undefined;
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "deliveries": readonly ({
        "id": string;
        "kind": string;
        "channel": "mail" | "sms" | "push";
        "recipient": string;
        "state": "waiting" | "gathered" | "digested" | "sent" | "declined" | "suppressed" | "bounced" | "failed";
        "attempts": number;
        "problem"?: string | undefined;
        "subject"?: string | undefined;
        "locale"?: string | undefined;
        "provider"?: string | undefined;
        "reference"?: string | undefined;
        "createdAt": string;
        "endedAt"?: string | undefined;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** Sender, who hears of orders, limits. */
  'notifications.getSettings': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "sender": {
        "name"?: string | undefined;
        "address"?: string | undefined;
        "replyTo"?: string | undefined;
      };
      "merchant": {
        "emails": readonly (string)[];
        "orders": "on" | "off" | "daily";
        "reviews": "off" | "daily";
      };
      "perHour": number;
      "zone": string;
      "digestHour": number;
    };
  };
  /** Change them. */
  'notifications.putSettings': {
    params: undefined;
    query: undefined;
    body: {
      "sender"?: {
        "name"?: string | undefined;
        "address"?: string | undefined;
        "replyTo"?: string | undefined;
      } | undefined;
      "merchant"?: {
        "emails"?: readonly (string)[] | undefined;
        "orders"?: "on" | "off" | "daily" | undefined;
        "reviews"?: "off" | "daily" | undefined;
      } | undefined;
      "perHour"?: number | undefined;
      "zone"?: string | undefined;
      "digestHour"?: number | undefined;
    };
    response: {
      "sender": {
        "name"?: string | undefined;
        "address"?: string | undefined;
        "replyTo"?: string | undefined;
      };
      "merchant": {
        "emails": readonly (string)[];
        "orders": "on" | "off" | "daily";
        "reviews": "off" | "daily";
      };
      "perHour": number;
      "zone": string;
      "digestHour": number;
    };
  };
  /** Addresses that nothing is sent to: they bounced, complained, or the merchant said so. */
  'notifications.listSuppressions': {
    params: undefined;
    query: {
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "suppressions": readonly ({
        "id": string;
        "channel": "mail" | "sms" | "push";
        "address": string;
        "reason": string;
        "at": string;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** Send nothing to an address any more. */
  'notifications.addSuppression': {
    params: undefined;
    query: undefined;
    body: {
      "channel": "mail" | "sms" | "push";
      "address": string;
    };
    response: {
      "id": string;
      "channel": "mail" | "sms" | "push";
      "address": string;
      "reason": string;
      "at": string;
    };
  };
  /** Send to it again. */
  'notifications.removeSuppression': {
    params: {
      "id": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Messages that were sent to nobody, because no provider is set up, newest first. */
  'notifications.listOutbox': {
    params: undefined;
    query: {
      "before"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "messages": readonly ({
        "id": string;
        "channel": "mail" | "sms" | "push";
        "recipient": string;
        "at": string;
        "message": Readonly<Record<string, unknown>>;
      })[];
    };
  };
  /** Start a cart, empty or with lines. Its id is its secret. */
  'orders.createCart': {
    params: undefined;
    query: undefined;
    body: {
      "currency"?: string | undefined;
      "lines"?: readonly ({
        "variantId": string;
        "quantity": number;
      })[] | undefined;
    };
    response: {
      "id": string;
      "status": "open" | "ordered";
      "orderId"?: string | undefined;
      "currency": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "undeliverable"?: boolean | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "availability": "in_stock" | "low" | "backorder" | "out";
        "later"?: {
          "quantity": number;
          "expectedAt"?: string | undefined;
        } | undefined;
        "problem"?: "unavailable" | "out_of_stock" | "insufficient_stock" | "price_changed" | undefined;
      })[];
      "itemCount": number;
      "codes": readonly ({
        "code": string;
        "applied": boolean;
        "problem"?: "ended" | "not_started" | "used_up" | "minimum_not_met" | "not_for_you" | "nothing_to_discount" | "not_combined" | undefined;
      })[];
      "giftCards": readonly ({
        "id": string;
        "ending": string;
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
    };
  };
  /** Make a guest's cart the signed-in customer's, with what they left in theirs elsewhere. */
  'orders.claimCart': {
    params: undefined;
    query: undefined;
    body: {
      "cartId"?: string | undefined;
    };
    response: {
      "id": string;
      "status": "open" | "ordered";
      "orderId"?: string | undefined;
      "currency": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "undeliverable"?: boolean | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "availability": "in_stock" | "low" | "backorder" | "out";
        "later"?: {
          "quantity": number;
          "expectedAt"?: string | undefined;
        } | undefined;
        "problem"?: "unavailable" | "out_of_stock" | "insufficient_stock" | "price_changed" | undefined;
      })[];
      "itemCount": number;
      "codes": readonly ({
        "code": string;
        "applied": boolean;
        "problem"?: "ended" | "not_started" | "used_up" | "minimum_not_met" | "not_for_you" | "nothing_to_discount" | "not_combined" | undefined;
      })[];
      "giftCards": readonly ({
        "id": string;
        "ending": string;
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
    };
  };
  /** The cart at current prices, with what keeps a line from being bought. */
  'orders.getCart': {
    params: {
      "cartId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "status": "open" | "ordered";
      "orderId"?: string | undefined;
      "currency": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "undeliverable"?: boolean | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "availability": "in_stock" | "low" | "backorder" | "out";
        "later"?: {
          "quantity": number;
          "expectedAt"?: string | undefined;
        } | undefined;
        "problem"?: "unavailable" | "out_of_stock" | "insufficient_stock" | "price_changed" | undefined;
      })[];
      "itemCount": number;
      "codes": readonly ({
        "code": string;
        "applied": boolean;
        "problem"?: "ended" | "not_started" | "used_up" | "minimum_not_met" | "not_for_you" | "nothing_to_discount" | "not_combined" | undefined;
      })[];
      "giftCards": readonly ({
        "id": string;
        "ending": string;
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
    };
  };
  /** Set currency, e-mail, shipping address or shipping method. */
  'orders.patchCart': {
    params: {
      "cartId": string;
    };
    query: undefined;
    body: {
      "currency"?: string | undefined;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod"?: string | undefined;
    };
    response: {
      "id": string;
      "status": "open" | "ordered";
      "orderId"?: string | undefined;
      "currency": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "undeliverable"?: boolean | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "availability": "in_stock" | "low" | "backorder" | "out";
        "later"?: {
          "quantity": number;
          "expectedAt"?: string | undefined;
        } | undefined;
        "problem"?: "unavailable" | "out_of_stock" | "insufficient_stock" | "price_changed" | undefined;
      })[];
      "itemCount": number;
      "codes": readonly ({
        "code": string;
        "applied": boolean;
        "problem"?: "ended" | "not_started" | "used_up" | "minimum_not_met" | "not_for_you" | "nothing_to_discount" | "not_combined" | undefined;
      })[];
      "giftCards": readonly ({
        "id": string;
        "ending": string;
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
    };
  };
  /** Add units of a variant. */
  'orders.addLine': {
    params: {
      "cartId": string;
    };
    query: undefined;
    body: {
      "variantId": string;
      "quantity": number;
    };
    response: {
      "id": string;
      "status": "open" | "ordered";
      "orderId"?: string | undefined;
      "currency": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "undeliverable"?: boolean | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "availability": "in_stock" | "low" | "backorder" | "out";
        "later"?: {
          "quantity": number;
          "expectedAt"?: string | undefined;
        } | undefined;
        "problem"?: "unavailable" | "out_of_stock" | "insufficient_stock" | "price_changed" | undefined;
      })[];
      "itemCount": number;
      "codes": readonly ({
        "code": string;
        "applied": boolean;
        "problem"?: "ended" | "not_started" | "used_up" | "minimum_not_met" | "not_for_you" | "nothing_to_discount" | "not_combined" | undefined;
      })[];
      "giftCards": readonly ({
        "id": string;
        "ending": string;
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
    };
  };
  /** Set the quantity of a line and accept its current price; zero removes it. */
  'orders.setLine': {
    params: {
      "cartId": string;
      "variantId": string;
    };
    query: undefined;
    body: {
      "quantity": number;
    };
    response: {
      "id": string;
      "status": "open" | "ordered";
      "orderId"?: string | undefined;
      "currency": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "undeliverable"?: boolean | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "availability": "in_stock" | "low" | "backorder" | "out";
        "later"?: {
          "quantity": number;
          "expectedAt"?: string | undefined;
        } | undefined;
        "problem"?: "unavailable" | "out_of_stock" | "insufficient_stock" | "price_changed" | undefined;
      })[];
      "itemCount": number;
      "codes": readonly ({
        "code": string;
        "applied": boolean;
        "problem"?: "ended" | "not_started" | "used_up" | "minimum_not_met" | "not_for_you" | "nothing_to_discount" | "not_combined" | undefined;
      })[];
      "giftCards": readonly ({
        "id": string;
        "ending": string;
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
    };
  };
  /** Remove a line. */
  'orders.removeLine': {
    params: {
      "cartId": string;
      "variantId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "status": "open" | "ordered";
      "orderId"?: string | undefined;
      "currency": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "undeliverable"?: boolean | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "availability": "in_stock" | "low" | "backorder" | "out";
        "later"?: {
          "quantity": number;
          "expectedAt"?: string | undefined;
        } | undefined;
        "problem"?: "unavailable" | "out_of_stock" | "insufficient_stock" | "price_changed" | undefined;
      })[];
      "itemCount": number;
      "codes": readonly ({
        "code": string;
        "applied": boolean;
        "problem"?: "ended" | "not_started" | "used_up" | "minimum_not_met" | "not_for_you" | "nothing_to_discount" | "not_combined" | undefined;
      })[];
      "giftCards": readonly ({
        "id": string;
        "ending": string;
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
    };
  };
  /** Enter a discount code; the cart says what came of it. */
  'orders.addCode': {
    params: {
      "cartId": string;
    };
    query: undefined;
    body: {
      "code": string;
    };
    response: {
      "id": string;
      "status": "open" | "ordered";
      "orderId"?: string | undefined;
      "currency": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "undeliverable"?: boolean | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "availability": "in_stock" | "low" | "backorder" | "out";
        "later"?: {
          "quantity": number;
          "expectedAt"?: string | undefined;
        } | undefined;
        "problem"?: "unavailable" | "out_of_stock" | "insufficient_stock" | "price_changed" | undefined;
      })[];
      "itemCount": number;
      "codes": readonly ({
        "code": string;
        "applied": boolean;
        "problem"?: "ended" | "not_started" | "used_up" | "minimum_not_met" | "not_for_you" | "nothing_to_discount" | "not_combined" | undefined;
      })[];
      "giftCards": readonly ({
        "id": string;
        "ending": string;
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
    };
  };
  /** Take a discount code out. */
  'orders.removeCode': {
    params: {
      "cartId": string;
      "code": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "status": "open" | "ordered";
      "orderId"?: string | undefined;
      "currency": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "undeliverable"?: boolean | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "availability": "in_stock" | "low" | "backorder" | "out";
        "later"?: {
          "quantity": number;
          "expectedAt"?: string | undefined;
        } | undefined;
        "problem"?: "unavailable" | "out_of_stock" | "insufficient_stock" | "price_changed" | undefined;
      })[];
      "itemCount": number;
      "codes": readonly ({
        "code": string;
        "applied": boolean;
        "problem"?: "ended" | "not_started" | "used_up" | "minimum_not_met" | "not_for_you" | "nothing_to_discount" | "not_combined" | undefined;
      })[];
      "giftCards": readonly ({
        "id": string;
        "ending": string;
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
    };
  };
  /** Pay with a gift card, as far as it goes. */
  'orders.addGiftCard': {
    params: {
      "cartId": string;
    };
    query: undefined;
    body: {
      "code": string;
    };
    response: {
      "id": string;
      "status": "open" | "ordered";
      "orderId"?: string | undefined;
      "currency": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "undeliverable"?: boolean | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "availability": "in_stock" | "low" | "backorder" | "out";
        "later"?: {
          "quantity": number;
          "expectedAt"?: string | undefined;
        } | undefined;
        "problem"?: "unavailable" | "out_of_stock" | "insufficient_stock" | "price_changed" | undefined;
      })[];
      "itemCount": number;
      "codes": readonly ({
        "code": string;
        "applied": boolean;
        "problem"?: "ended" | "not_started" | "used_up" | "minimum_not_met" | "not_for_you" | "nothing_to_discount" | "not_combined" | undefined;
      })[];
      "giftCards": readonly ({
        "id": string;
        "ending": string;
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
    };
  };
  /** Take a gift card out. */
  'orders.removeGiftCard': {
    params: {
      "cartId": string;
      "giftCardId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "status": "open" | "ordered";
      "orderId"?: string | undefined;
      "currency": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "undeliverable"?: boolean | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "availability": "in_stock" | "low" | "backorder" | "out";
        "later"?: {
          "quantity": number;
          "expectedAt"?: string | undefined;
        } | undefined;
        "problem"?: "unavailable" | "out_of_stock" | "insufficient_stock" | "price_changed" | undefined;
      })[];
      "itemCount": number;
      "codes": readonly ({
        "code": string;
        "applied": boolean;
        "problem"?: "ended" | "not_started" | "used_up" | "minimum_not_met" | "not_for_you" | "nothing_to_discount" | "not_combined" | undefined;
      })[];
      "giftCards": readonly ({
        "id": string;
        "ending": string;
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
    };
  };
  /** Ways to ship and their prices, for a cart or a subtotal. */
  'orders.listShippingMethods': {
    params: undefined;
    query: {
      "currency"?: string | undefined;
      "subtotal"?: number | undefined;
      "cartId"?: string | undefined;
      "country"?: string | undefined;
      "region"?: string | undefined;
    };
    body: undefined;
    response: {
      "methods": readonly ({
        "id": string;
        "title": string;
        "price": {
          "amount": number;
          "currency": string;
        };
        "minDays": number;
        "maxDays": number;
        "pickup": boolean;
      })[];
    };
  };
  /** Whether variants can be bought now; never exact counts. */
  'orders.getAvailability': {
    params: undefined;
    query: {
      "variantIds": string;
    };
    body: undefined;
    response: {
      "stock": readonly ({
        "variantId": string;
        "availability": "in_stock" | "low" | "backorder" | "out";
        "expectedAt"?: string | undefined;
      })[];
    };
  };
  /** Turn a cart into an order that holds its stock and waits for its payment. */
  'orders.checkout': {
    params: undefined;
    query: undefined;
    body: {
      "cartId": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod"?: string | undefined;
      "purchaseOrder"?: string | undefined;
      "onAccount"?: boolean | undefined;
      "expectedTotal"?: number | undefined;
    };
    response: {
      "order": {
        "id": string;
        "number": string;
        "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "fulfilled": boolean;
        "fulfilment": "none" | "partial" | "shipped" | "delivered";
        "fulfilments": readonly ({
          "id": string;
          "lines": readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
          })[];
          "carrier"?: string | undefined;
          "trackingNumber"?: string | undefined;
          "trackingUrl"?: string | undefined;
          "locationId"?: string | undefined;
          "shippedAt": string;
          "deliveredAt"?: string | undefined;
        })[];
        "returns": readonly ({
          "id": string;
          "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
          "askedBy": "shopper" | "merchant";
          "lines": readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
            "accepted"?: number | undefined;
            "restock"?: number | undefined;
          })[];
          "note"?: string | undefined;
          "exchange"?: {
            "lines": readonly ({
              "variantId": string;
              "quantity": number;
              "insteadOf"?: string | undefined;
              "unitPrice"?: number | undefined;
              "title": string;
              "variantTitle"?: string | undefined;
            })[];
            "send": "at_once" | "on_receipt";
            "fee": number;
            "keepDays"?: number | undefined;
            "expectedDifference"?: number | undefined;
            "problem"?: string | undefined;
            "keptUntil"?: string | undefined;
            "sums"?: {
              "worth": number;
              "fee": number;
              "goods": number;
              "difference": number;
              "credited": number;
              "refund": number;
              "owed": number;
            } | undefined;
            "counted"?: readonly ({
              "variantId": string;
              "bundle"?: string | undefined;
              "quantity": number;
              "amount": number;
            })[] | undefined;
          } | undefined;
          "answer"?: string | undefined;
          "askedAt": string;
          "updatedAt": string;
        })[];
        "email": string;
        "shippingAddress": {
          "name": string;
          "line1": string;
          "line2"?: string | undefined;
          "city": string;
          "region"?: string | undefined;
          "postalCode": string;
          "country": string;
          "phone"?: string | undefined;
        };
        "shippingMethod": string;
        "shippingTitle"?: string | undefined;
        "lines": readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "options": Readonly<Record<string, string>>;
          "parts"?: readonly ({
            "variantId": string;
            "productId": string;
            "handle"?: string | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
            "sku"?: string | undefined;
            "image"?: string | undefined;
            "quantity": number;
            "shipped": number;
            "cancelled": number;
          })[] | undefined;
          "quantity": number;
          "unitPrice": {
            "amount": number;
            "currency": string;
          };
          "total": {
            "amount": number;
            "currency": string;
          };
          "discount": {
            "amount": number;
            "currency": string;
          };
          "tax": {
            "amount": number;
            "currency": string;
          };
          "shipped": number;
          "cancelled": number;
        })[];
        "totals": {
          "currency": string;
          "subtotal": number;
          "discount": number;
          "discounts": readonly ({
            "promotionId": string;
            "title": string;
            "code"?: string | undefined;
            "class": "product" | "order" | "shipping";
            "amount": number;
          })[];
          "shipping": number;
          "tax": {
            "amount": number;
            "included": boolean;
            "rateBasisPoints": number;
            "parts": readonly ({
              "name": string;
              "rateBasisPoints": number;
              "base": number;
              "amount": number;
            })[];
          };
          "total": number;
          "gift": number;
          "due": number;
        };
        "missing"?: readonly ({
          "quantity": number;
          "expectedAt"?: string | undefined;
          "variantId": string;
        })[] | undefined;
        "captured": number;
        "refunded": number;
        "giftRefunded": number;
        "outside": number;
        "outsideRefunded": number;
        "credited": number;
        "lowered": number;
        "owed": number;
        "owedPaymentId"?: string | undefined;
        "placedAt": string;
        "updatedAt": string;
        "holdExpiresAt"?: string | undefined;
        "reason"?: string | undefined;
        "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
        "tracking"?: string | undefined;
        "company"?: {
          "id": string;
          "name": string;
          "purchaseOrder"?: string | undefined;
          "dueAt"?: string | undefined;
        } | undefined;
      };
      "token": string;
      "payment"?: {
        "paymentId": string;
        "intentId": string;
        "status": string;
        "provider": "stripe" | "paypal";
        "providers": readonly ("stripe" | "paypal")[];
        "approveUrl"?: string | undefined;
        "clientSecret": string;
        "publishableKey": string;
        "processorOrigin": string;
      } | undefined;
    };
  };
  /** Have somebody of the company approve what is in the cart, as it is now. A cart that changes has to be approved again. */
  'orders.askCartApproval': {
    params: {
      "cartId": string;
    };
    query: undefined;
    body: {
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod"?: string | undefined;
      "purchaseOrder"?: string | undefined;
      "message"?: string | undefined;
    };
    response: {
      "id": string;
      "state": "waiting" | "approved" | "declined" | "withdrawn" | "expired" | "ordered";
      "purchaseId": string;
      "requestedBy": {
        "customerId": string;
        "name": string;
      };
      "lines": readonly ({
        "variantId": string;
        "title": string;
        "variantTitle"?: string | undefined;
        "quantity": number;
        "unitPrice": number;
      })[];
      "total": {
        "amount": number;
        "currency": string;
      };
      "purchaseOrder": string | null;
      "message": string;
      "answer": string | null;
      "orderId": string | null;
      "createdAt": string;
      "decidedAt": string | null;
      "expiresAt": string;
    };
  };
  /** Ask for a quote for what is in a cart; the cart stays as it is. */
  'orders.askQuote': {
    params: undefined;
    query: undefined;
    body: {
      "cartId": string;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "message"?: string | undefined;
    };
    response: {
      "quote": {
        "id": string;
        "number": string;
        "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "email"?: string | undefined;
        "shippingAddress"?: {
          "name": string;
          "line1": string;
          "line2"?: string | undefined;
          "city": string;
          "region"?: string | undefined;
          "postalCode": string;
          "country": string;
          "phone"?: string | undefined;
        } | undefined;
        "shippingMethod": string;
        "shippingTitle"?: string | undefined;
        "lines": readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "options": Readonly<Record<string, string>>;
          "parts"?: readonly ({
            "variantId": string;
            "productId": string;
            "handle"?: string | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
            "sku"?: string | undefined;
            "image"?: string | undefined;
            "quantity": number;
          })[] | undefined;
          "quantity": number;
          "unitPrice": {
            "amount": number;
            "currency": string;
          };
          "total": {
            "amount": number;
            "currency": string;
          };
          "discount": {
            "amount": number;
            "currency": string;
          };
          "tax": {
            "amount": number;
            "currency": string;
          };
        })[];
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "totals": {
          "currency": string;
          "subtotal": number;
          "discount": number;
          "discounts": readonly ({
            "promotionId": string;
            "title": string;
            "code"?: string | undefined;
            "class": "product" | "order" | "shipping";
            "amount": number;
          })[];
          "shipping": number;
          "tax": {
            "amount": number;
            "included": boolean;
            "rateBasisPoints": number;
            "parts": readonly ({
              "name": string;
              "rateBasisPoints": number;
              "base": number;
              "amount": number;
            })[];
          };
          "total": number;
          "gift": number;
          "due": number;
        };
        "validUntil"?: string | undefined;
        "orderId"?: string | undefined;
        "entries": readonly ({
          "sequence": number;
          "actor": string;
          "from"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
          "to": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
          "message"?: string | undefined;
          "at": string;
        })[];
        "createdAt": string;
        "updatedAt": string;
      };
      "token": string;
    };
  };
  /** The signed-in customer's quotes and offers, newest first. */
  'orders.listMyOffers': {
    params: undefined;
    query: {
      "state"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "drafts": readonly ({
        "id": string;
        "number": string;
        "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "askedBy": "shopper" | "merchant";
        "email"?: string | undefined;
        "currency": string;
        "itemCount": number;
        "total"?: number | undefined;
        "validUntil"?: string | undefined;
        "orderId"?: string | undefined;
        "updatedAt": string;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** A quote or an offer, for its customer or for whoever holds its token. */
  'orders.getOffer': {
    params: {
      "draftId": string;
    };
    query: {
      "token"?: string | undefined;
    };
    body: undefined;
    response: {
      "id": string;
      "number": string;
      "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
      })[];
      "discounts": readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "validUntil"?: string | undefined;
      "orderId"?: string | undefined;
      "entries": readonly ({
        "sequence": number;
        "actor": string;
        "from"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
        "to": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "message"?: string | undefined;
        "at": string;
      })[];
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Say something about a quote or an offer to the merchant. */
  'orders.answerOffer': {
    params: {
      "draftId": string;
    };
    query: {
      "token"?: string | undefined;
    };
    body: {
      "message": string;
    };
    response: {
      "id": string;
      "number": string;
      "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
      })[];
      "discounts": readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "validUntil"?: string | undefined;
      "orderId"?: string | undefined;
      "entries": readonly ({
        "sequence": number;
        "actor": string;
        "from"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
        "to": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "message"?: string | undefined;
        "at": string;
      })[];
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Do without it. */
  'orders.declineOffer': {
    params: {
      "draftId": string;
    };
    query: {
      "token"?: string | undefined;
    };
    body: {
      "message"?: string | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
      })[];
      "discounts": readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "validUntil"?: string | undefined;
      "orderId"?: string | undefined;
      "entries": readonly ({
        "sequence": number;
        "actor": string;
        "from"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
        "to": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "message"?: string | undefined;
        "at": string;
      })[];
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Have somebody of the company approve that an offer is taken. */
  'orders.askOfferApproval': {
    params: {
      "draftId": string;
    };
    query: {
      "token"?: string | undefined;
    };
    body: {
      "purchaseOrder"?: string | undefined;
      "message"?: string | undefined;
    };
    response: {
      "id": string;
      "state": "waiting" | "approved" | "declined" | "withdrawn" | "expired" | "ordered";
      "purchaseId": string;
      "requestedBy": {
        "customerId": string;
        "name": string;
      };
      "lines": readonly ({
        "variantId": string;
        "title": string;
        "variantTitle"?: string | undefined;
        "quantity": number;
        "unitPrice": number;
      })[];
      "total": {
        "amount": number;
        "currency": string;
      };
      "purchaseOrder": string | null;
      "message": string;
      "answer": string | null;
      "orderId": string | null;
      "createdAt": string;
      "decidedAt": string | null;
      "expiresAt": string;
    };
  };
  /** Take an offer: an order at its prices, which holds its stock and waits for its payment. */
  'orders.acceptOffer': {
    params: {
      "draftId": string;
    };
    query: {
      "token"?: string | undefined;
    };
    body: {
      "expectedTotal"?: number | undefined;
      "purchaseOrder"?: string | undefined;
      "onAccount"?: boolean | undefined;
    };
    response: {
      "order": {
        "id": string;
        "number": string;
        "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "fulfilled": boolean;
        "fulfilment": "none" | "partial" | "shipped" | "delivered";
        "fulfilments": readonly ({
          "id": string;
          "lines": readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
          })[];
          "carrier"?: string | undefined;
          "trackingNumber"?: string | undefined;
          "trackingUrl"?: string | undefined;
          "locationId"?: string | undefined;
          "shippedAt": string;
          "deliveredAt"?: string | undefined;
        })[];
        "returns": readonly ({
          "id": string;
          "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
          "askedBy": "shopper" | "merchant";
          "lines": readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
            "accepted"?: number | undefined;
            "restock"?: number | undefined;
          })[];
          "note"?: string | undefined;
          "exchange"?: {
            "lines": readonly ({
              "variantId": string;
              "quantity": number;
              "insteadOf"?: string | undefined;
              "unitPrice"?: number | undefined;
              "title": string;
              "variantTitle"?: string | undefined;
            })[];
            "send": "at_once" | "on_receipt";
            "fee": number;
            "keepDays"?: number | undefined;
            "expectedDifference"?: number | undefined;
            "problem"?: string | undefined;
            "keptUntil"?: string | undefined;
            "sums"?: {
              "worth": number;
              "fee": number;
              "goods": number;
              "difference": number;
              "credited": number;
              "refund": number;
              "owed": number;
            } | undefined;
            "counted"?: readonly ({
              "variantId": string;
              "bundle"?: string | undefined;
              "quantity": number;
              "amount": number;
            })[] | undefined;
          } | undefined;
          "answer"?: string | undefined;
          "askedAt": string;
          "updatedAt": string;
        })[];
        "email": string;
        "shippingAddress": {
          "name": string;
          "line1": string;
          "line2"?: string | undefined;
          "city": string;
          "region"?: string | undefined;
          "postalCode": string;
          "country": string;
          "phone"?: string | undefined;
        };
        "shippingMethod": string;
        "shippingTitle"?: string | undefined;
        "lines": readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "options": Readonly<Record<string, string>>;
          "parts"?: readonly ({
            "variantId": string;
            "productId": string;
            "handle"?: string | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
            "sku"?: string | undefined;
            "image"?: string | undefined;
            "quantity": number;
            "shipped": number;
            "cancelled": number;
          })[] | undefined;
          "quantity": number;
          "unitPrice": {
            "amount": number;
            "currency": string;
          };
          "total": {
            "amount": number;
            "currency": string;
          };
          "discount": {
            "amount": number;
            "currency": string;
          };
          "tax": {
            "amount": number;
            "currency": string;
          };
          "shipped": number;
          "cancelled": number;
        })[];
        "totals": {
          "currency": string;
          "subtotal": number;
          "discount": number;
          "discounts": readonly ({
            "promotionId": string;
            "title": string;
            "code"?: string | undefined;
            "class": "product" | "order" | "shipping";
            "amount": number;
          })[];
          "shipping": number;
          "tax": {
            "amount": number;
            "included": boolean;
            "rateBasisPoints": number;
            "parts": readonly ({
              "name": string;
              "rateBasisPoints": number;
              "base": number;
              "amount": number;
            })[];
          };
          "total": number;
          "gift": number;
          "due": number;
        };
        "missing"?: readonly ({
          "quantity": number;
          "expectedAt"?: string | undefined;
          "variantId": string;
        })[] | undefined;
        "captured": number;
        "refunded": number;
        "giftRefunded": number;
        "outside": number;
        "outsideRefunded": number;
        "credited": number;
        "lowered": number;
        "owed": number;
        "owedPaymentId"?: string | undefined;
        "placedAt": string;
        "updatedAt": string;
        "holdExpiresAt"?: string | undefined;
        "reason"?: string | undefined;
        "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
        "tracking"?: string | undefined;
        "company"?: {
          "id": string;
          "name": string;
          "purchaseOrder"?: string | undefined;
          "dueAt"?: string | undefined;
        } | undefined;
      };
      "token": string;
      "payment"?: {
        "paymentId": string;
        "intentId": string;
        "status": string;
        "provider": "stripe" | "paypal";
        "providers": readonly ("stripe" | "paypal")[];
        "approveUrl"?: string | undefined;
        "clientSecret": string;
        "publishableKey": string;
        "processorOrigin": string;
      } | undefined;
    };
  };
  /** The signed-in customer's orders, newest first. */
  'orders.listMyOrders': {
    params: undefined;
    query: {
      "status"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "orders": readonly ({
        "id": string;
        "number": string;
        "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "fulfilled": boolean;
        "email": string;
        "total": {
          "amount": number;
          "currency": string;
        };
        "refunded": number;
        "itemCount": number;
        "placedAt": string;
        "company"?: {
          "id": string;
          "name": string;
          "purchaseOrder"?: string | undefined;
          "dueAt"?: string | undefined;
        } | undefined;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** The orders of the company that the customer buys for, newest first: all of them for its admins, their own for others. */
  'orders.listCompanyOrders': {
    params: undefined;
    query: {
      "status"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "orders": readonly ({
        "id": string;
        "number": string;
        "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "fulfilled": boolean;
        "email": string;
        "total": {
          "amount": number;
          "currency": string;
        };
        "refunded": number;
        "itemCount": number;
        "placedAt": string;
        "company"?: {
          "id": string;
          "name": string;
          "purchaseOrder"?: string | undefined;
          "dueAt"?: string | undefined;
        } | undefined;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** One order, for its customer, an admin of the company it was bought for, or whoever holds its token. */
  'orders.getOrder': {
    params: {
      "orderId": string;
    };
    query: {
      "token"?: string | undefined;
    };
    body: undefined;
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
    };
  };
  /** What the browser needs to pay, again or otherwise, while the stock is held a little longer; or to pay what an edit or an exchange made the order dearer by. */
  'orders.resumePayment': {
    params: {
      "orderId": string;
    };
    query: {
      "token"?: string | undefined;
      "provider"?: "stripe" | "paypal" | undefined;
    };
    body: undefined;
    response: {
      "paymentId": string;
      "intentId": string;
      "status": string;
      "provider": "stripe" | "paypal";
      "providers": readonly ("stripe" | "paypal")[];
      "approveUrl"?: string | undefined;
      "clientSecret": string;
      "publishableKey": string;
      "processorOrigin": string;
    };
  };
  /** Give up an order that is not paid yet. */
  'orders.abandonOrder': {
    params: {
      "orderId": string;
    };
    query: {
      "token"?: string | undefined;
    };
    body: undefined;
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
    };
  };
  /** Ask to send units back that have been shipped, for money or for other goods; the merchant answers. */
  'orders.askReturn': {
    params: {
      "orderId": string;
    };
    query: {
      "token"?: string | undefined;
    };
    body: {
      "lines": readonly ({
        "variantId": string;
        "bundle"?: string | undefined;
        "quantity": number;
        "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
      })[];
      "note"?: string | undefined;
      "exchange"?: {
        "lines": readonly ({
          "variantId": string;
          "quantity": number;
          "insteadOf"?: string | undefined;
        })[];
      } | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
    };
  };
  /** What other goods would cost for those that come back, at today’s prices; changes nothing. */
  'orders.previewMyExchange': {
    params: {
      "orderId": string;
    };
    query: {
      "token"?: string | undefined;
    };
    body: {
      "back": readonly ({
        "variantId": string;
        "bundle"?: string | undefined;
        "quantity": number;
      })[];
      "exchange": {
        "lines": readonly ({
          "variantId": string;
          "quantity": number;
          "insteadOf"?: string | undefined;
        })[];
      };
    };
    response: {
      "currency": string;
      "sums": {
        "worth": number;
        "fee": number;
        "goods": number;
        "difference": number;
        "credited": number;
        "refund": number;
        "owed": number;
      };
      "lines": readonly ({
        "variantId": string;
        "title": string;
        "variantTitle"?: string | undefined;
        "quantity": number;
        "unitPrice": number;
        "discount": number;
      })[];
    };
  };
  /** Keep the goods after all, as long as they have not been received. */
  'orders.withdrawReturn': {
    params: {
      "orderId": string;
      "returnId": string;
    };
    query: {
      "token"?: string | undefined;
    };
    body: undefined;
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
    };
  };
  /** Drafts and quotes, newest first. */
  'orders.listDrafts': {
    params: undefined;
    query: {
      "state"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "drafts": readonly ({
        "id": string;
        "number": string;
        "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "askedBy": "shopper" | "merchant";
        "email"?: string | undefined;
        "currency": string;
        "itemCount": number;
        "total"?: number | undefined;
        "validUntil"?: string | undefined;
        "orderId"?: string | undefined;
        "updatedAt": string;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** Put an order together for a customer; no stock is held for it. */
  'orders.createDraft': {
    params: undefined;
    query: undefined;
    body: {
      "currency"?: string | undefined;
      "customerId"?: string | undefined;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shipping"?: {
        "method"?: string | undefined;
        "title"?: string | undefined;
        "amount"?: number | undefined;
      } | undefined;
      "lines"?: readonly ({
        "variantId": string;
        "quantity": number;
        "unitPrice"?: number | undefined;
        "reason"?: string | undefined;
      })[] | undefined;
      "discount"?: {
        "basisPoints"?: number | undefined;
        "amount"?: number | undefined;
        "reason": string;
      } | undefined;
      "note"?: string | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "listPrice"?: {
          "amount": number;
          "currency": string;
        } | undefined;
        "reason"?: string | undefined;
        "availability": "in_stock" | "low" | "backorder" | "out";
      })[];
      "discounts": readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "validUntil"?: string | undefined;
      "orderId"?: string | undefined;
      "entries": readonly ({
        "sequence": number;
        "actor": string;
        "from"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
        "to": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "message"?: string | undefined;
        "at": string;
      })[];
      "createdAt": string;
      "updatedAt": string;
      "version": number;
      "askedBy": "shopper" | "merchant";
      "customerId"?: string | undefined;
      "note"?: string | undefined;
      "shipping": {
        "method"?: string | undefined;
        "title"?: string | undefined;
        "amount"?: number | undefined;
      };
      "discount"?: {
        "basisPoints"?: number | undefined;
        "amount"?: number | undefined;
        "reason": string;
      } | undefined;
      "holdUntil"?: string | undefined;
      "lacks": readonly ("email" | "address" | "lines" | "shipping" | "prices")[];
    };
  };
  /** One draft or quote, at present prices until it is offered, with what was said about it. */
  'orders.getDraft': {
    params: {
      "draftId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "number": string;
      "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "listPrice"?: {
          "amount": number;
          "currency": string;
        } | undefined;
        "reason"?: string | undefined;
        "availability": "in_stock" | "low" | "backorder" | "out";
      })[];
      "discounts": readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "validUntil"?: string | undefined;
      "orderId"?: string | undefined;
      "entries": readonly ({
        "sequence": number;
        "actor": string;
        "from"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
        "to": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "message"?: string | undefined;
        "at": string;
      })[];
      "createdAt": string;
      "updatedAt": string;
      "version": number;
      "askedBy": "shopper" | "merchant";
      "customerId"?: string | undefined;
      "note"?: string | undefined;
      "shipping": {
        "method"?: string | undefined;
        "title"?: string | undefined;
        "amount"?: number | undefined;
      };
      "discount"?: {
        "basisPoints"?: number | undefined;
        "amount"?: number | undefined;
        "reason": string;
      } | undefined;
      "holdUntil"?: string | undefined;
      "lacks": readonly ("email" | "address" | "lines" | "shipping" | "prices")[];
    };
  };
  /** Change a draft or answer a quote with lines and prices, as a whole; an offer has to be made anew then. */
  'orders.changeDraft': {
    params: {
      "draftId": string;
    };
    query: undefined;
    body: {
      "version": number;
      "customerId"?: string | undefined;
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shipping"?: {
        "method"?: string | undefined;
        "title"?: string | undefined;
        "amount"?: number | undefined;
      } | undefined;
      "lines"?: readonly ({
        "variantId": string;
        "quantity": number;
        "unitPrice"?: number | undefined;
        "reason"?: string | undefined;
      })[] | undefined;
      "discount"?: {
        "basisPoints"?: number | undefined;
        "amount"?: number | undefined;
        "reason": string;
      } | undefined;
      "note"?: string | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "listPrice"?: {
          "amount": number;
          "currency": string;
        } | undefined;
        "reason"?: string | undefined;
        "availability": "in_stock" | "low" | "backorder" | "out";
      })[];
      "discounts": readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "validUntil"?: string | undefined;
      "orderId"?: string | undefined;
      "entries": readonly ({
        "sequence": number;
        "actor": string;
        "from"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
        "to": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "message"?: string | undefined;
        "at": string;
      })[];
      "createdAt": string;
      "updatedAt": string;
      "version": number;
      "askedBy": "shopper" | "merchant";
      "customerId"?: string | undefined;
      "note"?: string | undefined;
      "shipping": {
        "method"?: string | undefined;
        "title"?: string | undefined;
        "amount"?: number | undefined;
      };
      "discount"?: {
        "basisPoints"?: number | undefined;
        "amount"?: number | undefined;
        "reason": string;
      } | undefined;
      "holdUntil"?: string | undefined;
      "lacks": readonly ("email" | "address" | "lines" | "shipping" | "prices")[];
    };
  };
  /** Fix its prices, and send the customer a link by which it is accepted and paid. */
  'orders.offerDraft': {
    params: {
      "draftId": string;
    };
    query: undefined;
    body: {
      "validUntil"?: string | undefined;
      "message"?: string | undefined;
    };
    response: {
      "draft": {
        "id": string;
        "number": string;
        "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "email"?: string | undefined;
        "shippingAddress"?: {
          "name": string;
          "line1": string;
          "line2"?: string | undefined;
          "city": string;
          "region"?: string | undefined;
          "postalCode": string;
          "country": string;
          "phone"?: string | undefined;
        } | undefined;
        "shippingMethod": string;
        "shippingTitle"?: string | undefined;
        "lines": readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "options": Readonly<Record<string, string>>;
          "parts"?: readonly ({
            "variantId": string;
            "productId": string;
            "handle"?: string | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
            "sku"?: string | undefined;
            "image"?: string | undefined;
            "quantity": number;
          })[] | undefined;
          "quantity": number;
          "unitPrice": {
            "amount": number;
            "currency": string;
          };
          "total": {
            "amount": number;
            "currency": string;
          };
          "discount": {
            "amount": number;
            "currency": string;
          };
          "tax": {
            "amount": number;
            "currency": string;
          };
          "listPrice"?: {
            "amount": number;
            "currency": string;
          } | undefined;
          "reason"?: string | undefined;
          "availability": "in_stock" | "low" | "backorder" | "out";
        })[];
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "totals": {
          "currency": string;
          "subtotal": number;
          "discount": number;
          "discounts": readonly ({
            "promotionId": string;
            "title": string;
            "code"?: string | undefined;
            "class": "product" | "order" | "shipping";
            "amount": number;
          })[];
          "shipping": number;
          "tax": {
            "amount": number;
            "included": boolean;
            "rateBasisPoints": number;
            "parts": readonly ({
              "name": string;
              "rateBasisPoints": number;
              "base": number;
              "amount": number;
            })[];
          };
          "total": number;
          "gift": number;
          "due": number;
        };
        "validUntil"?: string | undefined;
        "orderId"?: string | undefined;
        "entries": readonly ({
          "sequence": number;
          "actor": string;
          "from"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
          "to": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
          "message"?: string | undefined;
          "at": string;
        })[];
        "createdAt": string;
        "updatedAt": string;
        "version": number;
        "askedBy": "shopper" | "merchant";
        "customerId"?: string | undefined;
        "note"?: string | undefined;
        "shipping": {
          "method"?: string | undefined;
          "title"?: string | undefined;
          "amount"?: number | undefined;
        };
        "discount"?: {
          "basisPoints"?: number | undefined;
          "amount"?: number | undefined;
          "reason": string;
        } | undefined;
        "holdUntil"?: string | undefined;
        "lacks": readonly ("email" | "address" | "lines" | "shipping" | "prices")[];
      };
      "link": string;
    };
  };
  /** Hold its units for a while, or let them go. */
  'orders.holdDraft': {
    params: {
      "draftId": string;
    };
    query: undefined;
    body: {
      "hours": number;
    };
    response: {
      "id": string;
      "number": string;
      "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "listPrice"?: {
          "amount": number;
          "currency": string;
        } | undefined;
        "reason"?: string | undefined;
        "availability": "in_stock" | "low" | "backorder" | "out";
      })[];
      "discounts": readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "validUntil"?: string | undefined;
      "orderId"?: string | undefined;
      "entries": readonly ({
        "sequence": number;
        "actor": string;
        "from"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
        "to": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "message"?: string | undefined;
        "at": string;
      })[];
      "createdAt": string;
      "updatedAt": string;
      "version": number;
      "askedBy": "shopper" | "merchant";
      "customerId"?: string | undefined;
      "note"?: string | undefined;
      "shipping": {
        "method"?: string | undefined;
        "title"?: string | undefined;
        "amount"?: number | undefined;
      };
      "discount"?: {
        "basisPoints"?: number | undefined;
        "amount"?: number | undefined;
        "reason": string;
      } | undefined;
      "holdUntil"?: string | undefined;
      "lacks": readonly ("email" | "address" | "lines" | "shipping" | "prices")[];
    };
  };
  /** Say something about it to the customer, who gets it by mail. */
  'orders.answerDraft': {
    params: {
      "draftId": string;
    };
    query: undefined;
    body: {
      "message": string;
    };
    response: {
      "id": string;
      "number": string;
      "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "listPrice"?: {
          "amount": number;
          "currency": string;
        } | undefined;
        "reason"?: string | undefined;
        "availability": "in_stock" | "low" | "backorder" | "out";
      })[];
      "discounts": readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "validUntil"?: string | undefined;
      "orderId"?: string | undefined;
      "entries": readonly ({
        "sequence": number;
        "actor": string;
        "from"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
        "to": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "message"?: string | undefined;
        "at": string;
      })[];
      "createdAt": string;
      "updatedAt": string;
      "version": number;
      "askedBy": "shopper" | "merchant";
      "customerId"?: string | undefined;
      "note"?: string | undefined;
      "shipping": {
        "method"?: string | undefined;
        "title"?: string | undefined;
        "amount"?: number | undefined;
      };
      "discount"?: {
        "basisPoints"?: number | undefined;
        "amount"?: number | undefined;
        "reason": string;
      } | undefined;
      "holdUntil"?: string | undefined;
      "lacks": readonly ("email" | "address" | "lines" | "shipping" | "prices")[];
    };
  };
  /** Note that it was paid by other means, and make it a confirmed order. */
  'orders.completeDraft': {
    params: {
      "draftId": string;
    };
    query: undefined;
    body: {
      "means": "cash" | "bank_transfer" | "cheque" | "card_terminal" | "other";
      "reference"?: string | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Give it up, or turn a quote down. */
  'orders.cancelDraft': {
    params: {
      "draftId": string;
    };
    query: undefined;
    body: {
      "message"?: string | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "state": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
      "email"?: string | undefined;
      "shippingAddress"?: {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      } | undefined;
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "listPrice"?: {
          "amount": number;
          "currency": string;
        } | undefined;
        "reason"?: string | undefined;
        "availability": "in_stock" | "low" | "backorder" | "out";
      })[];
      "discounts": readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "validUntil"?: string | undefined;
      "orderId"?: string | undefined;
      "entries": readonly ({
        "sequence": number;
        "actor": string;
        "from"?: "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired" | undefined;
        "to": "requested" | "open" | "offered" | "ordered" | "declined" | "cancelled" | "expired";
        "message"?: string | undefined;
        "at": string;
      })[];
      "createdAt": string;
      "updatedAt": string;
      "version": number;
      "askedBy": "shopper" | "merchant";
      "customerId"?: string | undefined;
      "note"?: string | undefined;
      "shipping": {
        "method"?: string | undefined;
        "title"?: string | undefined;
        "amount"?: number | undefined;
      };
      "discount"?: {
        "basisPoints"?: number | undefined;
        "amount"?: number | undefined;
        "reason": string;
      } | undefined;
      "holdUntil"?: string | undefined;
      "lacks": readonly ("email" | "address" | "lines" | "shipping" | "prices")[];
    };
  };
  /** Orders, newest first. */
  'orders.listOrders': {
    params: undefined;
    query: {
      "status"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
      "company"?: string | undefined;
    };
    body: undefined;
    response: {
      "orders": readonly ({
        "id": string;
        "number": string;
        "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "fulfilled": boolean;
        "email": string;
        "total": {
          "amount": number;
          "currency": string;
        };
        "refunded": number;
        "itemCount": number;
        "placedAt": string;
        "company"?: {
          "id": string;
          "name": string;
          "purchaseOrder"?: string | undefined;
          "dueAt"?: string | undefined;
        } | undefined;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** One order with its payment, its stock and its history. */
  'orders.getOrderForMerchant': {
    params: {
      "orderId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Every change of an order, who made it, and what they come to, now or at a moment. */
  'orders.getJournal': {
    params: {
      "orderId": string;
    };
    query: {
      "at"?: string | undefined;
    };
    body: undefined;
    response: {
      "orderId": string;
      "entries": readonly ({
        "sequence": number;
        "at": string;
        "actor": string;
        "reason"?: string | undefined;
        "change"?: Readonly<Record<string, string | number | boolean | null>> | undefined;
      })[];
      "facts"?: Readonly<Record<string, string | number | boolean | null>> | undefined;
      "differences": readonly ({
        "fact": string;
        "journal": string | number | boolean | null;
        "order": string | number | boolean | null;
      })[];
    };
  };
  /** Orders that are not what their journals say, a page of orders at a time. */
  'orders.checkJournals': {
    params: undefined;
    query: {
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "checked": number;
      "unknown": number;
      "differing": readonly ({
        "orderId": string;
        "differences": readonly ({
          "fact": string;
          "journal": string | number | boolean | null;
          "order": string | number | boolean | null;
        })[];
      })[];
      "nextCursor": string | null;
    };
  };
  /** Cancel an order that has not been shipped: its stock goes back, its payment is returned. */
  'orders.cancelOrder': {
    params: {
      "orderId": string;
    };
    query: undefined;
    body: {
      "reason"?: string | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Return all or part of the money of a paid order. */
  'orders.refundOrder': {
    params: {
      "orderId": string;
    };
    query: undefined;
    body: {
      "amount"?: number | undefined;
      "lines"?: readonly ({
        "variantId": string;
        "bundle"?: string | undefined;
        "quantity": number;
      })[] | undefined;
      "shipping"?: number | undefined;
      "reason"?: string | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Say that a parcel has left, with all that waits or with some of it; the shopper is told. */
  'orders.createFulfilment': {
    params: {
      "orderId": string;
    };
    query: undefined;
    body: {
      "lines"?: readonly ({
        "variantId": string;
        "bundle"?: string | undefined;
        "quantity": number;
      })[] | undefined;
      "locationId"?: string | undefined;
      "carrier"?: string | undefined;
      "trackingNumber"?: string | undefined;
      "trackingUrl"?: string | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Say who carries a parcel and how it is followed, or that it has arrived. */
  'orders.updateFulfilment': {
    params: {
      "orderId": string;
      "fulfilmentId": string;
    };
    query: undefined;
    body: {
      "carrier"?: string | undefined;
      "trackingNumber"?: string | undefined;
      "trackingUrl"?: string | undefined;
      "delivered"?: true | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Give up units that have not left: they go back to stock, what was paid for them is returned. */
  'orders.cancelUnits': {
    params: {
      "orderId": string;
    };
    query: undefined;
    body: {
      "lines": readonly ({
        "variantId": string;
        "bundle"?: string | undefined;
        "quantity": number;
      })[];
      "reason"?: string | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Begin to change a paid order of which something has not left; one edit is open at a time. */
  'orders.beginEdit': {
    params: {
      "orderId": string;
    };
    query: undefined;
    body: {
      "lines"?: readonly ({
        "variantId": string;
        "quantity": number;
        "unitPrice"?: number | undefined;
        "discount"?: {
          "basisPoints"?: number | undefined;
          "amount"?: number | undefined;
          "reason": string;
        } | undefined;
      })[] | undefined;
      "reason"?: string | undefined;
    };
    response: {
      "id": string;
      "orderId": string;
      "state": "open" | "committed" | "withdrawn";
      "version": number;
      "currency": string;
      "changes": readonly ({
        "variantId": string;
        "quantity": number;
        "unitPrice"?: number | undefined;
        "discount"?: {
          "basisPoints"?: number | undefined;
          "amount"?: number | undefined;
          "reason": string;
        } | undefined;
      })[];
      "reason"?: string | undefined;
      "stale": boolean;
      "outcome"?: {
        "before": {
          "subtotal": number;
          "discount": number;
          "shipping": number;
          "tax": number;
          "total": number;
        };
        "after": {
          "subtotal": number;
          "discount": number;
          "shipping": number;
          "tax": number;
          "total": number;
        };
        "added": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "removed": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "refund": number;
        "owed": number;
      } | undefined;
      "problem"?: string | undefined;
      "lines"?: readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
      })[] | undefined;
      "discounts"?: readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[] | undefined;
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** What was edited of an order, newest first. */
  'orders.listEdits': {
    params: {
      "orderId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "edits": readonly ({
        "id": string;
        "orderId": string;
        "state": "open" | "committed" | "withdrawn";
        "version": number;
        "currency": string;
        "changes": readonly ({
          "variantId": string;
          "quantity": number;
          "unitPrice"?: number | undefined;
          "discount"?: {
            "basisPoints"?: number | undefined;
            "amount"?: number | undefined;
            "reason": string;
          } | undefined;
        })[];
        "reason"?: string | undefined;
        "stale": boolean;
        "outcome"?: {
          "before": {
            "subtotal": number;
            "discount": number;
            "shipping": number;
            "tax": number;
            "total": number;
          };
          "after": {
            "subtotal": number;
            "discount": number;
            "shipping": number;
            "tax": number;
            "total": number;
          };
          "added": readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
          })[];
          "removed": readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
          })[];
          "refund": number;
          "owed": number;
        } | undefined;
        "problem"?: string | undefined;
        "lines"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "options": Readonly<Record<string, string>>;
          "parts"?: readonly ({
            "variantId": string;
            "productId": string;
            "handle"?: string | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
            "sku"?: string | undefined;
            "image"?: string | undefined;
            "quantity": number;
          })[] | undefined;
          "quantity": number;
          "unitPrice": {
            "amount": number;
            "currency": string;
          };
          "discount": {
            "amount": number;
            "currency": string;
          };
          "tax": {
            "amount": number;
            "currency": string;
          };
        })[] | undefined;
        "discounts"?: readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[] | undefined;
        "createdAt": string;
        "updatedAt": string;
      })[];
    };
  };
  /** One edit, with what it comes to on the order as that is now. */
  'orders.getEdit': {
    params: {
      "orderId": string;
      "editId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "orderId": string;
      "state": "open" | "committed" | "withdrawn";
      "version": number;
      "currency": string;
      "changes": readonly ({
        "variantId": string;
        "quantity": number;
        "unitPrice"?: number | undefined;
        "discount"?: {
          "basisPoints"?: number | undefined;
          "amount"?: number | undefined;
          "reason": string;
        } | undefined;
      })[];
      "reason"?: string | undefined;
      "stale": boolean;
      "outcome"?: {
        "before": {
          "subtotal": number;
          "discount": number;
          "shipping": number;
          "tax": number;
          "total": number;
        };
        "after": {
          "subtotal": number;
          "discount": number;
          "shipping": number;
          "tax": number;
          "total": number;
        };
        "added": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "removed": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "refund": number;
        "owed": number;
      } | undefined;
      "problem"?: string | undefined;
      "lines"?: readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
      })[] | undefined;
      "discounts"?: readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[] | undefined;
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Change an open edit as a whole; it is worked out on the order as that is now. */
  'orders.changeEdit': {
    params: {
      "orderId": string;
      "editId": string;
    };
    query: undefined;
    body: {
      "version": number;
      "lines"?: readonly ({
        "variantId": string;
        "quantity": number;
        "unitPrice"?: number | undefined;
        "discount"?: {
          "basisPoints"?: number | undefined;
          "amount"?: number | undefined;
          "reason": string;
        } | undefined;
      })[] | undefined;
      "reason"?: string | undefined;
    };
    response: {
      "id": string;
      "orderId": string;
      "state": "open" | "committed" | "withdrawn";
      "version": number;
      "currency": string;
      "changes": readonly ({
        "variantId": string;
        "quantity": number;
        "unitPrice"?: number | undefined;
        "discount"?: {
          "basisPoints"?: number | undefined;
          "amount"?: number | undefined;
          "reason": string;
        } | undefined;
      })[];
      "reason"?: string | undefined;
      "stale": boolean;
      "outcome"?: {
        "before": {
          "subtotal": number;
          "discount": number;
          "shipping": number;
          "tax": number;
          "total": number;
        };
        "after": {
          "subtotal": number;
          "discount": number;
          "shipping": number;
          "tax": number;
          "total": number;
        };
        "added": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "removed": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "refund": number;
        "owed": number;
      } | undefined;
      "problem"?: string | undefined;
      "lines"?: readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
      })[] | undefined;
      "discounts"?: readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[] | undefined;
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Make the edit: units are taken and let go, the shopper is told, and pays what it is dearer by or gets back what it is cheaper by. */
  'orders.commitEdit': {
    params: {
      "orderId": string;
      "editId": string;
    };
    query: undefined;
    body: {
      "version": number;
      "expectedTotal"?: number | undefined;
      "paid"?: {
        "means": "cash" | "bank_transfer" | "cheque" | "card_terminal" | "other";
        "reference"?: string | undefined;
      } | undefined;
      "approved"?: string | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Have the company whose order it is asked whether it may become as dear as the edit makes it. */
  'orders.askEditApproval': {
    params: {
      "orderId": string;
      "editId": string;
    };
    query: undefined;
    body: {
      "message"?: string | undefined;
    };
    response: {
      "id": string;
      "state": "waiting" | "approved" | "declined" | "withdrawn" | "expired" | "ordered";
      "purchaseId": string;
      "requestedBy": {
        "customerId": string;
        "name": string;
      };
      "lines": readonly ({
        "variantId": string;
        "title": string;
        "variantTitle"?: string | undefined;
        "quantity": number;
        "unitPrice": number;
      })[];
      "total": {
        "amount": number;
        "currency": string;
      };
      "purchaseOrder": string | null;
      "message": string;
      "answer": string | null;
      "orderId": string | null;
      "createdAt": string;
      "decidedAt": string | null;
      "expiresAt": string;
    };
  };
  /** Leave the order as it is. */
  'orders.withdrawEdit': {
    params: {
      "orderId": string;
      "editId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "orderId": string;
      "state": "open" | "committed" | "withdrawn";
      "version": number;
      "currency": string;
      "changes": readonly ({
        "variantId": string;
        "quantity": number;
        "unitPrice"?: number | undefined;
        "discount"?: {
          "basisPoints"?: number | undefined;
          "amount"?: number | undefined;
          "reason": string;
        } | undefined;
      })[];
      "reason"?: string | undefined;
      "stale": boolean;
      "outcome"?: {
        "before": {
          "subtotal": number;
          "discount": number;
          "shipping": number;
          "tax": number;
          "total": number;
        };
        "after": {
          "subtotal": number;
          "discount": number;
          "shipping": number;
          "tax": number;
          "total": number;
        };
        "added": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "removed": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "refund": number;
        "owed": number;
      } | undefined;
      "problem"?: string | undefined;
      "lines"?: readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
      })[] | undefined;
      "discounts"?: readonly ({
        "promotionId": string;
        "title": string;
        "code"?: string | undefined;
        "class": "product" | "order" | "shipping";
        "amount": number;
      })[] | undefined;
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Note that what an order owes after an edit was paid by other means. */
  'orders.payOwed': {
    params: {
      "orderId": string;
    };
    query: undefined;
    body: {
      "means": "cash" | "bank_transfer" | "cheque" | "card_terminal" | "other";
      "reference"?: string | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Returns of all orders, newest first. */
  'orders.listReturns': {
    params: undefined;
    query: {
      "state"?: "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed" | undefined;
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
        "orderId": string;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** Note units that come back, without being asked, and agree to other goods for them; or, with `approval`, have the company asked whose order that makes dearer than its buyer may spend alone. */
  'orders.createReturn': {
    params: {
      "orderId": string;
    };
    query: undefined;
    body: {
      "lines": readonly ({
        "variantId": string;
        "bundle"?: string | undefined;
        "quantity": number;
        "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
      })[];
      "note"?: string | undefined;
      "exchange"?: {
        "lines": readonly ({
          "variantId": string;
          "quantity": number;
          "insteadOf"?: string | undefined;
          "unitPrice"?: number | undefined;
        })[];
        "send"?: "at_once" | "on_receipt" | undefined;
        "keepDays"?: number | undefined;
        "fee"?: number | undefined;
        "expectedDifference"?: number | undefined;
      } | undefined;
      "approved"?: string | undefined;
      "approval"?: {
        "message"?: string | undefined;
      } | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** What an exchange would come to on the order as it is now; changes nothing. */
  'orders.previewExchange': {
    params: {
      "orderId": string;
    };
    query: undefined;
    body: {
      "back": readonly ({
        "variantId": string;
        "bundle"?: string | undefined;
        "quantity": number;
      })[];
      "exchange": {
        "lines": readonly ({
          "variantId": string;
          "quantity": number;
          "insteadOf"?: string | undefined;
          "unitPrice"?: number | undefined;
        })[];
        "send"?: "at_once" | "on_receipt" | undefined;
        "keepDays"?: number | undefined;
        "fee"?: number | undefined;
        "expectedDifference"?: number | undefined;
      };
    };
    response: {
      "currency": string;
      "sums": {
        "worth": number;
        "fee": number;
        "goods": number;
        "difference": number;
        "credited": number;
        "refund": number;
        "owed": number;
      };
      "lines": readonly ({
        "variantId": string;
        "title": string;
        "variantTitle"?: string | undefined;
        "quantity": number;
        "unitPrice": number;
        "discount": number;
      })[];
    };
  };
  /** Let the shopper send the goods. Of an exchange, other goods are taken for them, and the shopper is told, and pays the difference or gets it back once the goods have come. */
  'orders.authoriseReturn': {
    params: {
      "orderId": string;
      "returnId": string;
    };
    query: undefined;
    body: {
      "answer"?: string | undefined;
      "exchange"?: {
        "lines": readonly ({
          "variantId": string;
          "quantity": number;
          "insteadOf"?: string | undefined;
          "unitPrice"?: number | undefined;
        })[];
        "send"?: "at_once" | "on_receipt" | undefined;
        "keepDays"?: number | undefined;
        "fee"?: number | undefined;
        "expectedDifference"?: number | undefined;
      } | undefined;
      "approved"?: string | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Have the company whose order it is asked whether it may become as dear as the exchange makes it. */
  'orders.askReturnApproval': {
    params: {
      "orderId": string;
      "returnId": string;
    };
    query: undefined;
    body: {
      "exchange"?: {
        "lines": readonly ({
          "variantId": string;
          "quantity": number;
          "insteadOf"?: string | undefined;
          "unitPrice"?: number | undefined;
        })[];
        "send"?: "at_once" | "on_receipt" | undefined;
        "keepDays"?: number | undefined;
        "fee"?: number | undefined;
        "expectedDifference"?: number | undefined;
      } | undefined;
      "message"?: string | undefined;
    };
    response: {
      "id": string;
      "state": "waiting" | "approved" | "declined" | "withdrawn" | "expired" | "ordered";
      "purchaseId": string;
      "requestedBy": {
        "customerId": string;
        "name": string;
      };
      "lines": readonly ({
        "variantId": string;
        "title": string;
        "variantTitle"?: string | undefined;
        "quantity": number;
        "unitPrice": number;
      })[];
      "total": {
        "amount": number;
        "currency": string;
      };
      "purchaseOrder": string | null;
      "message": string;
      "answer": string | null;
      "orderId": string | null;
      "createdAt": string;
      "decidedAt": string | null;
      "expiresAt": string;
    };
  };
  /** Refuse a return, and say why. */
  'orders.declineReturn': {
    params: {
      "orderId": string;
      "returnId": string;
    };
    query: undefined;
    body: {
      "answer": string;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Give a return up before the goods have come. Of an exchange, the other goods are let go, as long as none has left, and what was paid for them goes back. */
  'orders.withdrawReturnForMerchant': {
    params: {
      "orderId": string;
      "returnId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Say that the goods have come. */
  'orders.receiveReturn': {
    params: {
      "orderId": string;
      "returnId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Say which units are accepted, and which of them go back to stock. */
  'orders.inspectReturn': {
    params: {
      "orderId": string;
      "returnId": string;
    };
    query: undefined;
    body: {
      "lines": readonly ({
        "variantId": string;
        "bundle"?: string | undefined;
        "accepted": number;
        "restock": number;
      })[];
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Return what was paid for the accepted units, or another amount; of an exchange, what is left of that. Ends the return. */
  'orders.refundReturn': {
    params: {
      "orderId": string;
      "returnId": string;
    };
    query: undefined;
    body: {
      "amount"?: number | undefined;
      "shipping"?: number | undefined;
    };
    response: {
      "id": string;
      "number": string;
      "status": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
      "fulfilled": boolean;
      "fulfilment": "none" | "partial" | "shipped" | "delivered";
      "fulfilments": readonly ({
        "id": string;
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
        })[];
        "carrier"?: string | undefined;
        "trackingNumber"?: string | undefined;
        "trackingUrl"?: string | undefined;
        "locationId"?: string | undefined;
        "shippedAt": string;
        "deliveredAt"?: string | undefined;
      })[];
      "returns": readonly ({
        "id": string;
        "state": "requested" | "authorised" | "declined" | "withdrawn" | "received" | "inspected" | "refunded" | "exchanged" | "closed";
        "askedBy": "shopper" | "merchant";
        "lines": readonly ({
          "variantId": string;
          "bundle"?: string | undefined;
          "quantity": number;
          "reason": "changed_mind" | "too_large" | "too_small" | "not_as_described" | "damaged" | "wrong_item" | "late" | "other";
          "accepted"?: number | undefined;
          "restock"?: number | undefined;
        })[];
        "note"?: string | undefined;
        "exchange"?: {
          "lines": readonly ({
            "variantId": string;
            "quantity": number;
            "insteadOf"?: string | undefined;
            "unitPrice"?: number | undefined;
            "title": string;
            "variantTitle"?: string | undefined;
          })[];
          "send": "at_once" | "on_receipt";
          "fee": number;
          "keepDays"?: number | undefined;
          "expectedDifference"?: number | undefined;
          "problem"?: string | undefined;
          "keptUntil"?: string | undefined;
          "sums"?: {
            "worth": number;
            "fee": number;
            "goods": number;
            "difference": number;
            "credited": number;
            "refund": number;
            "owed": number;
          } | undefined;
          "counted"?: readonly ({
            "variantId": string;
            "bundle"?: string | undefined;
            "quantity": number;
            "amount": number;
          })[] | undefined;
        } | undefined;
        "answer"?: string | undefined;
        "askedAt": string;
        "updatedAt": string;
      })[];
      "email": string;
      "shippingAddress": {
        "name": string;
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "region"?: string | undefined;
        "postalCode": string;
        "country": string;
        "phone"?: string | undefined;
      };
      "shippingMethod": string;
      "shippingTitle"?: string | undefined;
      "lines": readonly ({
        "variantId": string;
        "productId": string;
        "handle"?: string | undefined;
        "title": string;
        "variantTitle"?: string | undefined;
        "sku"?: string | undefined;
        "image"?: string | undefined;
        "options": Readonly<Record<string, string>>;
        "parts"?: readonly ({
          "variantId": string;
          "productId": string;
          "handle"?: string | undefined;
          "title": string;
          "variantTitle"?: string | undefined;
          "sku"?: string | undefined;
          "image"?: string | undefined;
          "quantity": number;
          "shipped": number;
          "cancelled": number;
        })[] | undefined;
        "quantity": number;
        "unitPrice": {
          "amount": number;
          "currency": string;
        };
        "total": {
          "amount": number;
          "currency": string;
        };
        "discount": {
          "amount": number;
          "currency": string;
        };
        "tax": {
          "amount": number;
          "currency": string;
        };
        "shipped": number;
        "cancelled": number;
      })[];
      "totals": {
        "currency": string;
        "subtotal": number;
        "discount": number;
        "discounts": readonly ({
          "promotionId": string;
          "title": string;
          "code"?: string | undefined;
          "class": "product" | "order" | "shipping";
          "amount": number;
        })[];
        "shipping": number;
        "tax": {
          "amount": number;
          "included": boolean;
          "rateBasisPoints": number;
          "parts": readonly ({
            "name": string;
            "rateBasisPoints": number;
            "base": number;
            "amount": number;
          })[];
        };
        "total": number;
        "gift": number;
        "due": number;
      };
      "missing"?: readonly ({
        "quantity": number;
        "expectedAt"?: string | undefined;
        "variantId": string;
      })[] | undefined;
      "captured": number;
      "refunded": number;
      "giftRefunded": number;
      "outside": number;
      "outsideRefunded": number;
      "credited": number;
      "lowered": number;
      "owed": number;
      "owedPaymentId"?: string | undefined;
      "placedAt": string;
      "updatedAt": string;
      "holdExpiresAt"?: string | undefined;
      "reason"?: string | undefined;
      "ended"?: "given_up" | "by_shop" | "asked" | "payment_cancelled" | "unpaid" | "sold_meanwhile" | "price_gone" | undefined;
      "tracking"?: string | undefined;
      "company"?: {
        "id": string;
        "name": string;
        "purchaseOrder"?: string | undefined;
        "dueAt"?: string | undefined;
      } | undefined;
      "customerId"?: string | undefined;
      "payment": {
        "status": string;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      };
      "surcharges": readonly ({
        "id": string;
        "amount": number;
        "wanted": boolean;
        "status": "none" | "pending" | "authorized" | "captured" | "cancelled";
        "captured": number;
        "refunded": number;
        "bounced": number;
        "intentId"?: string | undefined;
        "problem"?: string | undefined;
      })[];
      "refunds": readonly ({
        "id": string;
        "amount": number;
        "state": "requested" | "waiting" | "done" | "refused";
        "waiting": number;
        "lost": number;
        "reason"?: string | undefined;
        "problem"?: string | undefined;
        "requestedAt": string;
      })[];
      "bounced": number;
      "stock": "held" | "committed" | "partly_shipped" | "shipped" | "released";
      "allocations": readonly ({
        "variantId": string;
        "locationId": string;
        "quantity": number;
      })[];
      "history": readonly ({
        "sequence": number;
        "from"?: "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired" | undefined;
        "to": "pending_payment" | "authorized" | "confirmed" | "partially_fulfilled" | "fulfilled" | "delivered" | "partially_refunded" | "refunded" | "cancelled" | "expired";
        "actor": string;
        "reason"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Shipping zones, methods and rates. */
  'orders.getShippingRules': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "version": number;
      "rules"?: {
        "zones": readonly ({
          "name": string;
          "places"?: readonly ({
            "country": string;
            "regions"?: readonly (string)[] | undefined;
          })[] | undefined;
          "methods": readonly ({
            "id": string;
            "title": string;
            "rate": {
              "by": "order";
              "price": Readonly<Record<string, number>>;
            } | {
              "by": "weight";
              "bands": readonly ({
                "upToGrams"?: number | undefined;
                "price": Readonly<Record<string, number>>;
              })[];
            } | {
              "by": "price";
              "bands": readonly ({
                "from": Readonly<Record<string, number>>;
                "price": Readonly<Record<string, number>>;
              })[];
            };
            "freeFrom"?: Readonly<Record<string, number>> | undefined;
            "minDays": number;
            "maxDays": number;
            "pickup": boolean;
          })[];
        })[];
      } | undefined;
    };
  };
  /** Set shipping zones, methods and rates, as a whole. */
  'orders.putShippingRules': {
    params: undefined;
    query: undefined;
    body: {
      "version": number;
      "rules": {
        "zones": readonly ({
          "name": string;
          "places"?: readonly ({
            "country": string;
            "regions"?: readonly (string)[] | undefined;
          })[] | undefined;
          "methods": readonly ({
            "id": string;
            "title": string;
            "rate": {
              "by": "order";
              "price": Readonly<Record<string, number>>;
            } | {
              "by": "weight";
              "bands": readonly ({
                "upToGrams"?: number | undefined;
                "price": Readonly<Record<string, number>>;
              })[];
            } | {
              "by": "price";
              "bands": readonly ({
                "from": Readonly<Record<string, number>>;
                "price": Readonly<Record<string, number>>;
              })[];
            };
            "freeFrom"?: Readonly<Record<string, number>> | undefined;
            "minDays": number;
            "maxDays": number;
            "pickup"?: boolean | undefined;
          })[];
        })[];
      };
    };
    response: {
      "version": number;
      "rules"?: {
        "zones": readonly ({
          "name": string;
          "places"?: readonly ({
            "country": string;
            "regions"?: readonly (string)[] | undefined;
          })[] | undefined;
          "methods": readonly ({
            "id": string;
            "title": string;
            "rate": {
              "by": "order";
              "price": Readonly<Record<string, number>>;
            } | {
              "by": "weight";
              "bands": readonly ({
                "upToGrams"?: number | undefined;
                "price": Readonly<Record<string, number>>;
              })[];
            } | {
              "by": "price";
              "bands": readonly ({
                "from": Readonly<Record<string, number>>;
                "price": Readonly<Record<string, number>>;
              })[];
            };
            "freeFrom"?: Readonly<Record<string, number>> | undefined;
            "minDays": number;
            "maxDays": number;
            "pickup": boolean;
          })[];
        })[];
      } | undefined;
    };
  };
  /** Tax rates and classes, and whether prices include the tax. */
  'orders.getTaxRules': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "version": number;
      "rules"?: {
        "pricesInclude": boolean;
        "shippingClass": string | null;
        "usualRates": boolean;
        "rates": readonly ({
          "country": string;
          "region"?: string | undefined;
          "class": string;
          "basisPoints": number;
          "name": string;
        })[];
        "classes": readonly ({
          "class": string;
          "of": {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          };
        })[];
      } | undefined;
    };
  };
  /** Set tax rates and classes, as a whole. */
  'orders.putTaxRules': {
    params: undefined;
    query: undefined;
    body: {
      "version": number;
      "rules": {
        "pricesInclude": boolean;
        "shippingClass"?: string | null | undefined;
        "usualRates"?: boolean | undefined;
        "rates": readonly ({
          "country": string;
          "region"?: string | undefined;
          "class"?: string | undefined;
          "basisPoints": number;
          "name": string;
        })[];
        "classes"?: readonly ({
          "class": string;
          "of": {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          };
        })[] | undefined;
      };
    };
    response: {
      "version": number;
      "rules"?: {
        "pricesInclude": boolean;
        "shippingClass": string | null;
        "usualRates": boolean;
        "rates": readonly ({
          "country": string;
          "region"?: string | undefined;
          "class": string;
          "basisPoints": number;
          "name": string;
        })[];
        "classes": readonly ({
          "class": string;
          "of": {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          };
        })[];
      } | undefined;
    };
  };
  /** Gift cards, newest first. */
  'orders.listGiftCards': {
    params: undefined;
    query: {
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "giftCards": readonly ({
        "id": string;
        "ending": string;
        "currency": string;
        "initial": number;
        "balance": number;
        "enabled": boolean;
        "expiresAt"?: string | undefined;
        "note"?: string | undefined;
        "createdAt": string;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** Issue a gift card; its code is told this once. */
  'orders.issueGiftCard': {
    params: undefined;
    query: undefined;
    body: {
      "amount": number;
      "currency": string;
      "expiresAt"?: string | undefined;
      "note"?: string | undefined;
    };
    response: {
      "id": string;
      "ending": string;
      "currency": string;
      "initial": number;
      "balance": number;
      "enabled": boolean;
      "expiresAt"?: string | undefined;
      "note"?: string | undefined;
      "createdAt": string;
      "code": string;
    };
  };
  /** One gift card with its ledger, the newest entry first. */
  'orders.getGiftCard': {
    params: {
      "giftCardId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "ending": string;
      "currency": string;
      "initial": number;
      "balance": number;
      "enabled": boolean;
      "expiresAt"?: string | undefined;
      "note"?: string | undefined;
      "createdAt": string;
      "entries": readonly ({
        "sequence": number;
        "kind": "issued" | "spent" | "returned";
        "amount": number;
        "balance": number;
        "orderId"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Switch a gift card off or on again. */
  'orders.changeGiftCard': {
    params: {
      "giftCardId": string;
    };
    query: undefined;
    body: {
      "enabled": boolean;
    };
    response: {
      "id": string;
      "ending": string;
      "currency": string;
      "initial": number;
      "balance": number;
      "enabled": boolean;
      "expiresAt"?: string | undefined;
      "note"?: string | undefined;
      "createdAt": string;
      "entries": readonly ({
        "sequence": number;
        "kind": "issued" | "spent" | "returned";
        "amount": number;
        "balance": number;
        "orderId"?: string | undefined;
        "at": string;
      })[];
    };
  };
  /** Promotions, newest first, with how often they are used. */
  'orders.listPromotions': {
    params: undefined;
    query: {
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "promotions": readonly ({
        "id": string;
        "version": number;
        "title": string;
        "code"?: string | undefined;
        "enabled": boolean;
        "startsAt"?: string | undefined;
        "endsAt"?: string | undefined;
        "usageLimit"?: number | undefined;
        "perCustomerLimit"?: number | undefined;
        "benefit": {
          "kind": "percent";
          "basisPoints": number;
          "of"?: {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          } | undefined;
        } | {
          "kind": "fixed";
          "amount": Readonly<Record<string, number>>;
          "of"?: {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          } | undefined;
          "each": boolean;
        } | {
          "kind": "buy_x_get_y";
          "buy": {
            "quantity": number;
            "of"?: {
              "products"?: readonly (string)[] | undefined;
              "types"?: readonly (string)[] | undefined;
              "vendors"?: readonly (string)[] | undefined;
            } | undefined;
          };
          "get": {
            "quantity": number;
            "of"?: {
              "products"?: readonly (string)[] | undefined;
              "types"?: readonly (string)[] | undefined;
              "vendors"?: readonly (string)[] | undefined;
            } | undefined;
            "basisPoints": number;
          };
          "mostTimes"?: number | undefined;
        } | {
          "kind": "free_shipping";
          "upTo"?: Readonly<Record<string, number>> | undefined;
        };
        "conditions": {
          "minimumSubtotal"?: Readonly<Record<string, number>> | undefined;
          "minimumQuantity"?: number | undefined;
          "customers": "everyone" | "signed_in" | "first_order";
        };
        "combinesWith": readonly ("product" | "order" | "shipping")[];
        "priority": number;
        "used": number;
        "createdAt": string;
        "updatedAt": string;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** Make a promotion: with a code, or one that applies by itself. */
  'orders.createPromotion': {
    params: undefined;
    query: undefined;
    body: {
      "title": string;
      "benefit": {
        "kind": "percent";
        "basisPoints": number;
        "of"?: {
          "products"?: readonly (string)[] | undefined;
          "types"?: readonly (string)[] | undefined;
          "vendors"?: readonly (string)[] | undefined;
        } | undefined;
      } | {
        "kind": "fixed";
        "amount": Readonly<Record<string, number>>;
        "of"?: {
          "products"?: readonly (string)[] | undefined;
          "types"?: readonly (string)[] | undefined;
          "vendors"?: readonly (string)[] | undefined;
        } | undefined;
        "each"?: boolean | undefined;
      } | {
        "kind": "buy_x_get_y";
        "buy": {
          "quantity": number;
          "of"?: {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          } | undefined;
        };
        "get": {
          "quantity": number;
          "of"?: {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          } | undefined;
          "basisPoints": number;
        };
        "mostTimes"?: number | undefined;
      } | {
        "kind": "free_shipping";
        "upTo"?: Readonly<Record<string, number>> | undefined;
      };
      "conditions"?: {
        "minimumSubtotal"?: Readonly<Record<string, number>> | undefined;
        "minimumQuantity"?: number | undefined;
        "customers"?: "everyone" | "signed_in" | "first_order" | undefined;
      } | undefined;
      "combinesWith"?: readonly ("product" | "order" | "shipping")[] | undefined;
      "priority"?: number | undefined;
      "code"?: string | undefined;
      "enabled"?: boolean | undefined;
      "startsAt"?: string | undefined;
      "endsAt"?: string | undefined;
      "usageLimit"?: number | undefined;
      "perCustomerLimit"?: number | undefined;
    };
    response: {
      "id": string;
      "version": number;
      "title": string;
      "code"?: string | undefined;
      "enabled": boolean;
      "startsAt"?: string | undefined;
      "endsAt"?: string | undefined;
      "usageLimit"?: number | undefined;
      "perCustomerLimit"?: number | undefined;
      "benefit": {
        "kind": "percent";
        "basisPoints": number;
        "of"?: {
          "products"?: readonly (string)[] | undefined;
          "types"?: readonly (string)[] | undefined;
          "vendors"?: readonly (string)[] | undefined;
        } | undefined;
      } | {
        "kind": "fixed";
        "amount": Readonly<Record<string, number>>;
        "of"?: {
          "products"?: readonly (string)[] | undefined;
          "types"?: readonly (string)[] | undefined;
          "vendors"?: readonly (string)[] | undefined;
        } | undefined;
        "each": boolean;
      } | {
        "kind": "buy_x_get_y";
        "buy": {
          "quantity": number;
          "of"?: {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          } | undefined;
        };
        "get": {
          "quantity": number;
          "of"?: {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          } | undefined;
          "basisPoints": number;
        };
        "mostTimes"?: number | undefined;
      } | {
        "kind": "free_shipping";
        "upTo"?: Readonly<Record<string, number>> | undefined;
      };
      "conditions": {
        "minimumSubtotal"?: Readonly<Record<string, number>> | undefined;
        "minimumQuantity"?: number | undefined;
        "customers": "everyone" | "signed_in" | "first_order";
      };
      "combinesWith": readonly ("product" | "order" | "shipping")[];
      "priority": number;
      "used": number;
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** One promotion. */
  'orders.getPromotion': {
    params: {
      "promotionId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "version": number;
      "title": string;
      "code"?: string | undefined;
      "enabled": boolean;
      "startsAt"?: string | undefined;
      "endsAt"?: string | undefined;
      "usageLimit"?: number | undefined;
      "perCustomerLimit"?: number | undefined;
      "benefit": {
        "kind": "percent";
        "basisPoints": number;
        "of"?: {
          "products"?: readonly (string)[] | undefined;
          "types"?: readonly (string)[] | undefined;
          "vendors"?: readonly (string)[] | undefined;
        } | undefined;
      } | {
        "kind": "fixed";
        "amount": Readonly<Record<string, number>>;
        "of"?: {
          "products"?: readonly (string)[] | undefined;
          "types"?: readonly (string)[] | undefined;
          "vendors"?: readonly (string)[] | undefined;
        } | undefined;
        "each": boolean;
      } | {
        "kind": "buy_x_get_y";
        "buy": {
          "quantity": number;
          "of"?: {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          } | undefined;
        };
        "get": {
          "quantity": number;
          "of"?: {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          } | undefined;
          "basisPoints": number;
        };
        "mostTimes"?: number | undefined;
      } | {
        "kind": "free_shipping";
        "upTo"?: Readonly<Record<string, number>> | undefined;
      };
      "conditions": {
        "minimumSubtotal"?: Readonly<Record<string, number>> | undefined;
        "minimumQuantity"?: number | undefined;
        "customers": "everyone" | "signed_in" | "first_order";
      };
      "combinesWith": readonly ("product" | "order" | "shipping")[];
      "priority": number;
      "used": number;
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Change a promotion as a whole; orders that have used it stay as they are. */
  'orders.updatePromotion': {
    params: {
      "promotionId": string;
    };
    query: undefined;
    body: {
      "title": string;
      "benefit": {
        "kind": "percent";
        "basisPoints": number;
        "of"?: {
          "products"?: readonly (string)[] | undefined;
          "types"?: readonly (string)[] | undefined;
          "vendors"?: readonly (string)[] | undefined;
        } | undefined;
      } | {
        "kind": "fixed";
        "amount": Readonly<Record<string, number>>;
        "of"?: {
          "products"?: readonly (string)[] | undefined;
          "types"?: readonly (string)[] | undefined;
          "vendors"?: readonly (string)[] | undefined;
        } | undefined;
        "each"?: boolean | undefined;
      } | {
        "kind": "buy_x_get_y";
        "buy": {
          "quantity": number;
          "of"?: {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          } | undefined;
        };
        "get": {
          "quantity": number;
          "of"?: {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          } | undefined;
          "basisPoints": number;
        };
        "mostTimes"?: number | undefined;
      } | {
        "kind": "free_shipping";
        "upTo"?: Readonly<Record<string, number>> | undefined;
      };
      "conditions"?: {
        "minimumSubtotal"?: Readonly<Record<string, number>> | undefined;
        "minimumQuantity"?: number | undefined;
        "customers"?: "everyone" | "signed_in" | "first_order" | undefined;
      } | undefined;
      "combinesWith"?: readonly ("product" | "order" | "shipping")[] | undefined;
      "priority"?: number | undefined;
      "code"?: string | undefined;
      "enabled"?: boolean | undefined;
      "startsAt"?: string | undefined;
      "endsAt"?: string | undefined;
      "usageLimit"?: number | undefined;
      "perCustomerLimit"?: number | undefined;
      "version": number;
    };
    response: {
      "id": string;
      "version": number;
      "title": string;
      "code"?: string | undefined;
      "enabled": boolean;
      "startsAt"?: string | undefined;
      "endsAt"?: string | undefined;
      "usageLimit"?: number | undefined;
      "perCustomerLimit"?: number | undefined;
      "benefit": {
        "kind": "percent";
        "basisPoints": number;
        "of"?: {
          "products"?: readonly (string)[] | undefined;
          "types"?: readonly (string)[] | undefined;
          "vendors"?: readonly (string)[] | undefined;
        } | undefined;
      } | {
        "kind": "fixed";
        "amount": Readonly<Record<string, number>>;
        "of"?: {
          "products"?: readonly (string)[] | undefined;
          "types"?: readonly (string)[] | undefined;
          "vendors"?: readonly (string)[] | undefined;
        } | undefined;
        "each": boolean;
      } | {
        "kind": "buy_x_get_y";
        "buy": {
          "quantity": number;
          "of"?: {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          } | undefined;
        };
        "get": {
          "quantity": number;
          "of"?: {
            "products"?: readonly (string)[] | undefined;
            "types"?: readonly (string)[] | undefined;
            "vendors"?: readonly (string)[] | undefined;
          } | undefined;
          "basisPoints": number;
        };
        "mostTimes"?: number | undefined;
      } | {
        "kind": "free_shipping";
        "upTo"?: Readonly<Record<string, number>> | undefined;
      };
      "conditions": {
        "minimumSubtotal"?: Readonly<Record<string, number>> | undefined;
        "minimumQuantity"?: number | undefined;
        "customers": "everyone" | "signed_in" | "first_order";
      };
      "combinesWith": readonly ("product" | "order" | "shipping")[];
      "priority": number;
      "used": number;
      "createdAt": string;
      "updatedAt": string;
    };
  };
  /** Remove a promotion; orders that have used it stay as they are. */
  'orders.deletePromotion': {
    params: {
      "promotionId": string;
    };
    query: undefined;
    body: undefined;
    response: undefined;
  };
  /** Exact stock of variants. */
  'orders.listStock': {
    params: undefined;
    query: {
      "variantIds": string;
    };
    body: undefined;
    response: {
      "stock": readonly ({
        "variantId": string;
        "onHand": number;
        "held": number;
        "sold": number;
        "available": number;
        "tracked": boolean;
        "backorder": {
          "limit": number;
          "expectedAt"?: string | undefined;
        };
      })[];
    };
  };
  /** Units that came or went, or a new count; never below what is held and sold. */
  'orders.adjustStock': {
    params: {
      "variantId": string;
    };
    query: undefined;
    body: {
      "delta"?: number | undefined;
      "onHand"?: number | undefined;
      "locationId"?: string | undefined;
      "reason"?: string | undefined;
    };
    response: {
      "variantId": string;
      "onHand": number;
      "held": number;
      "sold": number;
      "available": number;
      "tracked": boolean;
      "backorder": {
        "limit": number;
        "expectedAt"?: string | undefined;
      };
    };
  };
  /** How many units may be sold before they have come in, and when they are expected. */
  'orders.setBackorder': {
    params: {
      "variantId": string;
    };
    query: undefined;
    body: {
      "limit": number;
      "expectedAt"?: string | undefined;
    };
    response: {
      "variantId": string;
      "onHand": number;
      "held": number;
      "sold": number;
      "available": number;
      "tracked": boolean;
      "backorder": {
        "limit": number;
        "expectedAt"?: string | undefined;
      };
    };
  };
  /** Where stock is kept, in the order in which orders are sent from there. */
  'orders.listLocations': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "locations": readonly ({
        "id": string;
        "name": string;
        "address"?: {
          "line1": string;
          "line2"?: string | undefined;
          "city": string;
          "postalCode": string;
          "country": string;
        } | undefined;
        "priority": number;
        "enabled": boolean;
      })[];
    };
  };
  /** Add a location of stock. */
  'orders.createLocation': {
    params: undefined;
    query: undefined;
    body: {
      "name": string;
      "address"?: {
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "postalCode": string;
        "country": string;
      } | undefined;
      "priority": number;
      "enabled"?: boolean | undefined;
    };
    response: {
      "id": string;
      "name": string;
      "address"?: {
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "postalCode": string;
        "country": string;
      } | undefined;
      "priority": number;
      "enabled": boolean;
    };
  };
  /** Change a location as a whole; one without stock can be disabled. */
  'orders.updateLocation': {
    params: {
      "locationId": string;
    };
    query: undefined;
    body: {
      "name": string;
      "address"?: {
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "postalCode": string;
        "country": string;
      } | undefined;
      "priority": number;
      "enabled"?: boolean | undefined;
    };
    response: {
      "id": string;
      "name": string;
      "address"?: {
        "line1": string;
        "line2"?: string | undefined;
        "city": string;
        "postalCode": string;
        "country": string;
      } | undefined;
      "priority": number;
      "enabled": boolean;
    };
  };
  /** How much of a variant is where. */
  'orders.listLevels': {
    params: {
      "variantId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "levels": readonly ({
        "locationId": string;
        "onHand": number;
        "promised": number;
        "available": number;
      })[];
    };
  };
  /** Move units that nobody was promised from one location to another. */
  'orders.transferStock': {
    params: {
      "variantId": string;
    };
    query: undefined;
    body: {
      "from": string;
      "to": string;
      "quantity": number;
    };
    response: {
      "levels": readonly ({
        "locationId": string;
        "onHand": number;
        "promised": number;
        "available": number;
      })[];
    };
  };
  /** Payments whose cardholders want their money back, newest first. */
  'payments.listDisputes': {
    params: undefined;
    query: {
      "status"?: "needs_response" | "under_review" | "won" | "lost" | undefined;
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "disputes": readonly ({
        "id": string;
        "paymentId": string;
        "orderId": string;
        "provider": "stripe" | "paypal";
        "reference": string;
        "status": "needs_response" | "under_review" | "won" | "lost";
        "reason": string;
        "amount": number;
        "currency": string;
        "openedAt": string;
        "dueAt"?: string | undefined;
        "evidence"?: string | undefined;
        "answeredAt"?: string | undefined;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** One dispute: what is contested and why, until when an answer counts, and what was answered. */
  'payments.getDispute': {
    params: {
      "disputeId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "paymentId": string;
      "orderId": string;
      "provider": "stripe" | "paypal";
      "reference": string;
      "status": "needs_response" | "under_review" | "won" | "lost";
      "reason": string;
      "amount": number;
      "currency": string;
      "openedAt": string;
      "dueAt"?: string | undefined;
      "evidence"?: string | undefined;
      "answeredAt"?: string | undefined;
    };
  };
  /** Tell the bank, once, why the payment was right; it decides. */
  'payments.contestDispute': {
    params: {
      "disputeId": string;
    };
    query: undefined;
    body: {
      "text": string;
    };
    response: {
      "id": string;
      "paymentId": string;
      "orderId": string;
      "provider": "stripe" | "paypal";
      "reference": string;
      "status": "needs_response" | "under_review" | "won" | "lost";
      "reason": string;
      "amount": number;
      "currency": string;
      "openedAt": string;
      "dueAt"?: string | undefined;
      "evidence"?: string | undefined;
      "answeredAt"?: string | undefined;
    };
  };
  /** Leave the money to the cardholder: it counts as returned. */
  'payments.concedeDispute': {
    params: {
      "disputeId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "id": string;
      "paymentId": string;
      "orderId": string;
      "provider": "stripe" | "paypal";
      "reference": string;
      "status": "needs_response" | "under_review" | "won" | "lost";
      "reason": string;
      "amount": number;
      "currency": string;
      "openedAt": string;
      "dueAt"?: string | undefined;
      "evidence"?: string | undefined;
      "answeredAt"?: string | undefined;
    };
  };
  /** What the provider paid out, or the days of its ledger, what they are made of, and whether they agree with the shop’s payments; newest first. */
  'payments.listPayouts': {
    params: undefined;
    query: {
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "payouts": readonly ({
        "id": string;
        "kind": "payout" | "day";
        "state": "open" | "compared";
        "amount": number;
        "currency": string;
        "createdAt": string;
        "arrivesAt": string;
        "entries": number;
        "charges": number;
        "refunds": number;
        "disputes": number;
        "fees": number;
        "others": number;
        "differences": number;
        "comparedAt"?: string | undefined;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** What payouts and the shop’s payments do not agree on, and what of it was healed. */
  'payments.listDifferences': {
    params: undefined;
    query: {
      "payoutId"?: string | undefined;
      "open"?: string | undefined;
      "cursor"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "differences": readonly ({
        "id": string;
        "payoutId"?: string | undefined;
        "kind": "missing_here" | "missing_there" | "amount_differs";
        "what": "charge" | "refund" | "dispute" | "payout";
        "paymentId"?: string | undefined;
        "orderId"?: string | undefined;
        "intentId"?: string | undefined;
        "here": number;
        "there": number;
        "currency": string;
        "healed": boolean;
        "foundAt": string;
      })[];
      "nextCursor"?: string | undefined;
    };
  };
  /** Look for new payouts and disputes now; otherwise it is done four times a day, and when the provider tells of one. */
  'payments.comparePayouts': {
    params: undefined;
    query: undefined;
    body: undefined;
    response: {
      "asked": true;
    };
  };
  /** The state of an order's payment, its first unless another is named, for whoever holds the order's token. */
  'payments.getPaymentStatus': {
    params: {
      "orderId": string;
    };
    query: {
      "token": string;
      "paymentId"?: string | undefined;
    };
    body: undefined;
    response: {
      "paymentId": string;
      "orderId": string;
      "status": "pending" | "authorized" | "captured" | "cancelled";
      "amount": number;
      "currency": string;
      "captured": number;
      "refunded": number;
      "problem"?: string | undefined;
    };
  };
  /** Products to show at a place, and why each. A page that gets no answer shows nothing. */
  'recommendations.recommend': {
    params: undefined;
    query: {
      "context": "home" | "product" | "cart" | "search" | "recent";
      "products"?: string | undefined;
      "session"?: string | undefined;
      "collection"?: string | undefined;
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "personal": boolean;
      "items": readonly ({
        "productId": string;
        "reason": "popular" | "bought_together" | "viewed_together" | "viewed_before";
        "source": string;
        "becauseOf": string | null;
      })[];
    };
  };
  /** The catalogue’s list of products; on its first page by relevance, what suits the shopper stands up to six places higher. */
  'recommendations.search': {
    params: undefined;
    query: {
      "q"?: string | undefined;
      "collection"?: string | undefined;
      "tag"?: string | undefined;
      "type"?: string | undefined;
      "vendor"?: string | undefined;
      "minPrice"?: number | undefined;
      "maxPrice"?: number | undefined;
      "minRating"?: number | undefined;
      "available"?: "true" | undefined;
      "currency"?: string | undefined;
      "locale"?: string | undefined;
      "sort"?: "featured" | "title-asc" | "title-desc" | "price-asc" | "price-desc" | "newest" | "rating" | "relevance" | undefined;
      "limit"?: number | undefined;
      "cursor"?: string | undefined;
      "session"?: string | undefined;
    };
    body: undefined;
    response: {
      "products": readonly ({
        "id": string;
        "handle": string;
        "title": string;
        "vendor": string;
        "type": string;
        "tags": readonly (string)[];
        "image": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "secondImage": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "priceRange": {
          "min": {
            "amount": number;
            "currency": string;
          };
          "max": {
            "amount": number;
            "currency": string;
          };
        } | null;
        "compareAtPrice": {
          "amount": number;
          "currency": string;
        } | null;
        "variantIds": readonly (string)[];
        "options": readonly ({
          "name": string;
          "values": readonly (string)[];
        })[];
        "publishedAt": string | null;
        "rating": {
          "average": number;
          "count": number;
        } | null;
      })[];
      "nextCursor": string | null;
      "total": number | null;
      "currency": string;
      "facets": {
        "types": readonly ({
          "value": string;
          "count": number;
        })[];
        "vendors": readonly ({
          "value": string;
          "count": number;
        })[];
        "tags": readonly ({
          "value": string;
          "count": number;
        })[];
      } | null;
      "search": "words" | "similar" | "meaning" | "some" | "nothing" | "plain" | null;
      "didYouMean": string | null;
      "instead": readonly ({
        "id": string;
        "handle": string;
        "title": string;
        "vendor": string;
        "type": string;
        "tags": readonly (string)[];
        "image": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "secondImage": {
          "url": string;
          "alt": string;
          "width": number | null;
          "height": number | null;
        } | null;
        "priceRange": {
          "min": {
            "amount": number;
            "currency": string;
          };
          "max": {
            "amount": number;
            "currency": string;
          };
        } | null;
        "compareAtPrice": {
          "amount": number;
          "currency": string;
        } | null;
        "variantIds": readonly (string)[];
        "options": readonly ({
          "name": string;
          "values": readonly (string)[];
        })[];
        "publishedAt": string | null;
        "rating": {
          "average": number;
          "count": number;
        } | null;
      })[];
      "placed": readonly (string)[];
      "personal": boolean;
    };
  };
  /** What is popular now, with what that is counted from. */
  'recommendations.listPopular': {
    params: undefined;
    query: {
      "limit"?: number | undefined;
    };
    body: undefined;
    response: {
      "products": readonly ({
        "productId": string;
        "sellable": boolean;
        "views": number;
        "carts": number;
        "sold": number;
        "orders": number;
        "score": number;
      })[];
    };
  };
  /** Why a product is shown, or is not: its counts, and what is bought together with it. */
  'recommendations.explainProduct': {
    params: {
      "productId": string;
    };
    query: undefined;
    body: undefined;
    response: {
      "productId": string;
      "sellable": boolean;
      "views": number;
      "carts": number;
      "sold": number;
      "orders": number;
      "score": number;
      "together": readonly ({
        "productId": string;
        "sellable": boolean;
        "together": number;
        "orders": number;
        "similarity": number;
      })[];
    };
  };
}

/** Method, path, and whether it wants an Idempotency-Key. */
export const ROUTES: { readonly [Id in keyof Operations]: readonly [method: string, path: string, idempotent: boolean] } = {
  'host.getStore': ['GET', '/api/store', false],
  'host.getOpenApi': ['GET', '/api/openapi.json', false],
  'host.askGraphql': ['GET', '/api/graphql', false],
  'host.runGraphql': ['POST', '/api/graphql', false],
  'host.listApiKeys': ['GET', '/api/admin/keys', false],
  'host.createApiKey': ['POST', '/api/admin/keys', false],
  'host.revokeApiKey': ['DELETE', '/api/admin/keys/{keyId}', false],
  'host.listAudit': ['GET', '/api/admin/audit', false],
  'host.checkAudit': ['GET', '/api/admin/audit/check', false],
  'accounts.register': ['POST', '/api/accounts/register', false],
  'accounts.confirmRegistration': ['POST', '/api/accounts/register/confirm', false],
  'accounts.login': ['POST', '/api/accounts/login', false],
  'accounts.logout': ['POST', '/api/accounts/logout', false],
  'accounts.renewSession': ['POST', '/api/accounts/session', false],
  'accounts.getMe': ['GET', '/api/accounts/me', false],
  'accounts.getMyData': ['GET', '/api/accounts/me/data', false],
  'accounts.getMyErasure': ['GET', '/api/accounts/me/erasure', false],
  'accounts.askForErasure': ['PUT', '/api/accounts/me/erasure', false],
  'accounts.withdrawErasure': ['DELETE', '/api/accounts/me/erasure', false],
  'accounts.adminListErasureRequests': ['GET', '/api/admin/accounts/erasure-requests', false],
  'accounts.updateMe': ['PATCH', '/api/accounts/me', false],
  'accounts.listAddresses': ['GET', '/api/accounts/me/addresses', false],
  'accounts.addAddress': ['POST', '/api/accounts/me/addresses', false],
  'accounts.updateAddress': ['PUT', '/api/accounts/me/addresses/{id}', false],
  'accounts.deleteAddress': ['DELETE', '/api/accounts/me/addresses/{id}', false],
  'accounts.forgetPassword': ['POST', '/api/accounts/password/forgot', false],
  'accounts.resetPassword': ['POST', '/api/accounts/password/reset', false],
  'accounts.forgetStaffPassword': ['POST', '/api/accounts/staff/password/forgot', false],
  'accounts.resetStaffPassword': ['POST', '/api/accounts/staff/password/reset', false],
  'accounts.listConsents': ['GET', '/api/accounts/me/consents', false],
  'accounts.adminListCustomers': ['GET', '/api/admin/accounts/customers', false],
  'accounts.adminGetCustomer': ['GET', '/api/admin/accounts/customers/{customerId}', false],
  'accounts.adminSetCustomerGroups': ['PUT', '/api/admin/accounts/customers/{customerId}/groups', false],
  'accounts.adminListGroups': ['GET', '/api/admin/accounts/groups', false],
  'accounts.adminCreateGroup': ['POST', '/api/admin/accounts/groups', false],
  'accounts.adminRenameGroup': ['PUT', '/api/admin/accounts/groups/{groupId}', false],
  'accounts.adminDeleteGroup': ['DELETE', '/api/admin/accounts/groups/{groupId}', false],
  'accounts.getCompany': ['GET', '/api/accounts/company', false],
  'accounts.requestCompany': ['POST', '/api/accounts/company', false],
  'accounts.joinCompany': ['POST', '/api/accounts/company/join', false],
  'accounts.addCompanyAddress': ['POST', '/api/accounts/company/addresses', false],
  'accounts.updateCompanyAddress': ['PUT', '/api/accounts/company/addresses/{addressId}', false],
  'accounts.deleteCompanyAddress': ['DELETE', '/api/accounts/company/addresses/{addressId}', false],
  'accounts.listCompanyMembers': ['GET', '/api/accounts/company/members', false],
  'accounts.updateCompanyMember': ['PATCH', '/api/accounts/company/members/{customerId}', false],
  'accounts.removeCompanyMember': ['DELETE', '/api/accounts/company/members/{customerId}', false],
  'accounts.inviteToCompany': ['POST', '/api/accounts/company/invitations', false],
  'accounts.withdrawCompanyInvitation': ['DELETE', '/api/accounts/company/invitations/{invitationId}', false],
  'accounts.listApprovals': ['GET', '/api/accounts/company/approvals', false],
  'accounts.getApproval': ['GET', '/api/accounts/company/approvals/{approvalId}', false],
  'accounts.grantApproval': ['POST', '/api/accounts/company/approvals/{approvalId}/approve', false],
  'accounts.declineApproval': ['POST', '/api/accounts/company/approvals/{approvalId}/decline', false],
  'accounts.adminListCompanies': ['GET', '/api/admin/accounts/companies', false],
  'accounts.adminCreateCompany': ['POST', '/api/admin/accounts/companies', true],
  'accounts.adminGetCompany': ['GET', '/api/admin/accounts/companies/{companyId}', false],
  'accounts.adminUpdateCompany': ['PATCH', '/api/admin/accounts/companies/{companyId}', false],
  'accounts.adminApproveCompany': ['POST', '/api/admin/accounts/companies/{companyId}/approve', false],
  'accounts.adminBlockCompany': ['POST', '/api/admin/accounts/companies/{companyId}/block', false],
  'accounts.adminSetCompanyGroups': ['PUT', '/api/admin/accounts/companies/{companyId}/groups', false],
  'accounts.adminInviteToCompany': ['POST', '/api/admin/accounts/companies/{companyId}/invitations', false],
  'accounts.adminUpdateCompanyMember': ['PATCH', '/api/admin/accounts/companies/{companyId}/members/{customerId}', false],
  'accounts.adminRemoveCompanyMember': ['DELETE', '/api/admin/accounts/companies/{companyId}/members/{customerId}', false],
  'accounts.listStaff': ['GET', '/api/admin/accounts/staff', false],
  'accounts.inviteStaff': ['POST', '/api/admin/accounts/staff', false],
  'accounts.updateStaff': ['PATCH', '/api/admin/accounts/staff/{staffId}', false],
  'accounts.removeStaff': ['DELETE', '/api/admin/accounts/staff/{staffId}', false],
  'accounts.listRoles': ['GET', '/api/admin/accounts/roles', false],
  'accounts.createRole': ['POST', '/api/admin/accounts/roles', false],
  'accounts.updateRole': ['PUT', '/api/admin/accounts/roles/{roleId}', false],
  'accounts.deleteRole': ['DELETE', '/api/admin/accounts/roles/{roleId}', false],
  'accounts.getStaffSelf': ['GET', '/api/admin/accounts/me', false],
  'accounts.updateStaffSelf': ['PATCH', '/api/admin/accounts/me', false],
  'accounts.prepareAuthenticator': ['POST', '/api/admin/accounts/me/totp', false],
  'accounts.confirmAuthenticator': ['POST', '/api/admin/accounts/me/totp/confirm', false],
  'accounts.removeAuthenticator': ['POST', '/api/admin/accounts/me/totp/remove', false],
  'accounts.resetAuthenticator': ['DELETE', '/api/admin/accounts/staff/{staffId}/totp', false],
  'accounts.acceptInvitation': ['POST', '/api/accounts/staff/accept', false],
  'accounts.signInStaff': ['POST', '/api/accounts/staff/login', false],
  'accounts.renewStaffSession': ['POST', '/api/accounts/staff/renew', false],
  'accounts.signOutStaff': ['POST', '/api/accounts/staff/logout', false],
  'accounts.listSignInProviders': ['GET', '/api/accounts/providers', false],
  'accounts.beginProviderSignIn': ['GET', '/api/accounts/providers/{providerId}/sign-in', false],
  'accounts.endProviderSignIn': ['GET', '/api/accounts/providers/{providerId}/callback', false],
  'accounts.endPostedProviderSignIn': ['POST', '/api/accounts/providers/{providerId}/callback', false],
  'accounts.listIdentities': ['GET', '/api/accounts/me/identities', false],
  'accounts.removeIdentity': ['DELETE', '/api/accounts/me/identities/{identityId}', false],
  'accounts.adminListSignInProviders': ['GET', '/api/admin/accounts/providers', false],
  'accounts.adminPutSignInProvider': ['PUT', '/api/admin/accounts/providers/{providerId}', false],
  'accounts.adminDeleteSignInProvider': ['DELETE', '/api/admin/accounts/providers/{providerId}', false],
  'accounts.adminListApps': ['GET', '/api/admin/accounts/apps', false],
  'accounts.adminCreateApp': ['POST', '/api/admin/accounts/apps', false],
  'accounts.adminPutApp': ['PUT', '/api/admin/accounts/apps/{appId}', false],
  'accounts.adminRenewAppSecret': ['POST', '/api/admin/accounts/apps/{appId}/secret', false],
  'accounts.adminDeleteApp': ['DELETE', '/api/admin/accounts/apps/{appId}', false],
  'accounts.authorizeApp': ['GET', '/api/accounts/oauth/authorize', false],
  'accounts.continueAppSignIn': ['GET', '/api/accounts/oauth/continue', false],
  'accounts.declineAppSignIn': ['GET', '/api/accounts/oauth/decline', false],
  'accounts.getConnection': ['GET', '/api/accounts/oauth/connection', false],
  'accounts.agreeToConnection': ['POST', '/api/accounts/oauth/connection', false],
  'accounts.endSessionFromApp': ['GET', '/api/accounts/oauth/end-session', false],
  'accounts.listMyApps': ['GET', '/api/accounts/me/apps', false],
  'accounts.disconnectApp': ['DELETE', '/api/accounts/me/apps/{appId}', false],
  'accounts.listSessions': ['GET', '/api/accounts/me/sessions', false],
  'accounts.endSession': ['DELETE', '/api/accounts/me/sessions/{sessionId}', false],
  'accounts.signOutEverywhere': ['DELETE', '/api/accounts/me/sessions', false],
  'accounts.listStaffSessions': ['GET', '/api/admin/accounts/me/sessions', false],
  'accounts.endStaffSession': ['DELETE', '/api/admin/accounts/me/sessions/{sessionId}', false],
  'accounts.signOutStaffEverywhere': ['DELETE', '/api/admin/accounts/me/sessions', false],
  'accounts.listPasskeys': ['GET', '/api/accounts/me/passkeys', false],
  'accounts.preparePasskey': ['POST', '/api/accounts/me/passkeys/options', false],
  'accounts.addPasskey': ['POST', '/api/accounts/me/passkeys', false],
  'accounts.removePasskey': ['DELETE', '/api/accounts/me/passkeys/{passkeyId}', false],
  'accounts.preparePasskeySignIn': ['POST', '/api/accounts/passkeys/options', false],
  'accounts.signInWithPasskey': ['POST', '/api/accounts/passkeys/login', false],
  'accounts.listStaffPasskeys': ['GET', '/api/admin/accounts/me/passkeys', false],
  'accounts.prepareStaffPasskey': ['POST', '/api/admin/accounts/me/passkeys/options', false],
  'accounts.addStaffPasskey': ['POST', '/api/admin/accounts/me/passkeys', false],
  'accounts.removeStaffPasskey': ['DELETE', '/api/admin/accounts/me/passkeys/{passkeyId}', false],
  'accounts.prepareStaffPasskeySignIn': ['POST', '/api/accounts/staff/passkeys/options', false],
  'accounts.signInStaffWithPasskey': ['POST', '/api/accounts/staff/passkeys/login', false],
  'accounts.showPage': ['GET', '/api/accounts/pages/{page}', false],
  'analytics.tell': ['POST', '/api/analytics/events', false],
  'analytics.getOverview': ['GET', '/api/admin/analytics/overview', false],
  'analytics.getRevenue': ['GET', '/api/admin/analytics/revenue', false],
  'analytics.getSeries': ['GET', '/api/admin/analytics/series', false],
  'analytics.getTop': ['GET', '/api/admin/analytics/top', false],
  'analytics.getSearches': ['GET', '/api/admin/analytics/searches', false],
  'analytics.getFunnel': ['GET', '/api/admin/analytics/funnel', false],
  'analytics.getSessions': ['GET', '/api/admin/analytics/sessions', false],
  'analytics.getCohorts': ['GET', '/api/admin/analytics/cohorts', false],
  'analytics.getLive': ['GET', '/api/admin/analytics/live', false],
  'analytics.exportFacts': ['GET', '/api/admin/analytics/facts', false],
  'catalog.listProducts': ['GET', '/api/catalog/products', false],
  'catalog.listProductsByIds': ['GET', '/api/catalog/products-by-ids', false],
  'catalog.suggestProducts': ['GET', '/api/catalog/suggestions', false],
  'catalog.getProduct': ['GET', '/api/catalog/products/{handle}', false],
  'catalog.listCollections': ['GET', '/api/catalog/collections', false],
  'catalog.getCollection': ['GET', '/api/catalog/collections/{handle}', false],
  'catalog.getMedia': ['GET', '/api/catalog/media/{id}', false],
  'catalog.getLogo': ['GET', '/api/catalog/logo', false],
  'catalog.adminListProducts': ['GET', '/api/admin/catalog/products', false],
  'catalog.adminCreateProduct': ['POST', '/api/admin/catalog/products', true],
  'catalog.adminGetProduct': ['GET', '/api/admin/catalog/products/{id}', false],
  'catalog.adminUpdateProduct': ['PUT', '/api/admin/catalog/products/{id}', false],
  'catalog.adminDeleteProduct': ['DELETE', '/api/admin/catalog/products/{id}', false],
  'catalog.adminListCollections': ['GET', '/api/admin/catalog/collections', false],
  'catalog.adminCreateCollection': ['POST', '/api/admin/catalog/collections', true],
  'catalog.adminGetCollection': ['GET', '/api/admin/catalog/collections/{id}', false],
  'catalog.adminUpdateCollection': ['PUT', '/api/admin/catalog/collections/{id}', false],
  'catalog.adminDeleteCollection': ['DELETE', '/api/admin/catalog/collections/{id}', false],
  'catalog.adminStartImport': ['POST', '/api/admin/catalog/imports', false],
  'catalog.adminGetImport': ['GET', '/api/admin/catalog/imports/{id}', false],
  'catalog.adminGetSearch': ['GET', '/api/admin/catalog/search', false],
  'catalog.adminRebuildSearch': ['POST', '/api/admin/catalog/search/rebuild', false],
  'catalog.adminGetSynonyms': ['GET', '/api/admin/catalog/search/synonyms', false],
  'catalog.adminPutSynonyms': ['PUT', '/api/admin/catalog/search/synonyms', false],
  'catalog.adminListPriceLists': ['GET', '/api/admin/catalog/price-lists', false],
  'catalog.adminCreatePriceList': ['POST', '/api/admin/catalog/price-lists', true],
  'catalog.adminGetPriceList': ['GET', '/api/admin/catalog/price-lists/{id}', false],
  'catalog.adminUpdatePriceList': ['PUT', '/api/admin/catalog/price-lists/{id}', false],
  'catalog.adminDeletePriceList': ['DELETE', '/api/admin/catalog/price-lists/{id}', false],
  'catalog.adminListPrices': ['GET', '/api/admin/catalog/price-lists/{id}/prices', false],
  'catalog.adminPutPrices': ['PUT', '/api/admin/catalog/price-lists/{id}/prices', false],
  'catalog.adminImportPrices': ['POST', '/api/admin/catalog/price-lists/{id}/import', false],
  'catalog.adminExportPrices': ['GET', '/api/admin/catalog/price-lists/{id}/export', false],
  'catalog.adminListProductTranslations': ['GET', '/api/admin/catalog/products/{id}/translations', false],
  'catalog.adminPutProductTranslation': ['PUT', '/api/admin/catalog/products/{id}/translations/{locale}', false],
  'catalog.adminDeleteProductTranslation': ['DELETE', '/api/admin/catalog/products/{id}/translations/{locale}', false],
  'catalog.adminListCollectionTranslations': ['GET', '/api/admin/catalog/collections/{id}/translations', false],
  'catalog.adminPutCollectionTranslation': ['PUT', '/api/admin/catalog/collections/{id}/translations/{locale}', false],
  'catalog.adminDeleteCollectionTranslation': ['DELETE', '/api/admin/catalog/collections/{id}/translations/{locale}', false],
  'catalog.adminAddSynonym': ['POST', '/api/admin/catalog/search/synonyms', false],
  'catalog.adminListRankingRules': ['GET', '/api/admin/catalog/search/rules', false],
  'catalog.adminCreateRankingRule': ['POST', '/api/admin/catalog/search/rules', true],
  'catalog.adminGetRankingRule': ['GET', '/api/admin/catalog/search/rules/{id}', false],
  'catalog.adminUpdateRankingRule': ['PUT', '/api/admin/catalog/search/rules/{id}', false],
  'catalog.adminDeleteRankingRule': ['DELETE', '/api/admin/catalog/search/rules/{id}', false],
  'catalog.adminPreviewRanking': ['GET', '/api/admin/catalog/search/preview', false],
  'catalog.adminExport': ['GET', '/api/admin/catalog/export', false],
  'catalog.listReviews': ['GET', '/api/catalog/reviews', false],
  'catalog.getReviewStanding': ['GET', '/api/catalog/reviews/standing', false],
  'catalog.listOwnReviews': ['GET', '/api/catalog/reviews/own', false],
  'catalog.writeReview': ['POST', '/api/catalog/reviews', true],
  'catalog.editReview': ['PUT', '/api/catalog/reviews/{id}', false],
  'catalog.withdrawReview': ['DELETE', '/api/catalog/reviews/{id}', false],
  'catalog.beginReviewPicture': ['POST', '/api/catalog/reviews/pictures', false],
  'catalog.finishReviewPicture': ['POST', '/api/catalog/reviews/pictures/{id}/finish', false],
  'catalog.voteReview': ['PUT', '/api/catalog/reviews/{id}/vote', false],
  'catalog.reportReview': ['POST', '/api/catalog/reviews/{id}/reports', false],
  'catalog.adminListReviews': ['GET', '/api/admin/catalog/reviews', false],
  'catalog.adminGetReviewSettings': ['GET', '/api/admin/catalog/review-settings', false],
  'catalog.adminPutReviewSettings': ['PUT', '/api/admin/catalog/review-settings', false],
  'catalog.adminGetReview': ['GET', '/api/admin/catalog/reviews/{id}', false],
  'catalog.adminDecideReview': ['PATCH', '/api/admin/catalog/reviews/{id}', false],
  'catalog.adminDecideReviewPicture': ['PATCH', '/api/admin/catalog/reviews/{id}/pictures/{pictureId}', false],
  'catalog.adminAnswerReview': ['PUT', '/api/admin/catalog/reviews/{id}/answer', false],
  'catalog.listWishlists': ['GET', '/api/catalog/wishlists', false],
  'catalog.createWishlist': ['POST', '/api/catalog/wishlists', true],
  'catalog.getWishlistMarks': ['GET', '/api/catalog/wishlists/marks', false],
  'catalog.claimWishlist': ['POST', '/api/catalog/wishlists/claim', false],
  'catalog.getWishlist': ['GET', '/api/catalog/wishlists/{id}', false],
  'catalog.renameWishlist': ['PATCH', '/api/catalog/wishlists/{id}', false],
  'catalog.deleteWishlist': ['DELETE', '/api/catalog/wishlists/{id}', false],
  'catalog.addToWishlist': ['PUT', '/api/catalog/wishlists/{id}/items/{variantId}', false],
  'catalog.removeFromWishlist': ['DELETE', '/api/catalog/wishlists/{id}/items/{variantId}', false],
  'catalog.shareWishlist': ['PUT', '/api/catalog/wishlists/{id}/share', false],
  'catalog.unshareWishlist': ['DELETE', '/api/catalog/wishlists/{id}/share', false],
  'catalog.getSharedWishlist': ['GET', '/api/catalog/shared-wishlists/{token}', false],
  'catalog.askStockAlert': ['POST', '/api/catalog/stock-alerts', false],
  'catalog.listStockAlerts': ['GET', '/api/catalog/stock-alerts', false],
  'catalog.withdrawStockAlert': ['DELETE', '/api/catalog/stock-alerts/{variantId}', false],
  'catalog.getLinkedStockAlert': ['GET', '/api/catalog/linked-stock-alerts/{token}', false],
  'catalog.confirmStockAlert': ['POST', '/api/catalog/linked-stock-alerts/{token}/confirm', false],
  'catalog.withdrawLinkedStockAlert': ['DELETE', '/api/catalog/linked-stock-alerts/{token}', false],
  'catalog.adminListWanted': ['GET', '/api/admin/catalog/wanted', false],
  'catalog.getRelated': ['GET', '/api/catalog/products/{handle}/related', false],
  'catalog.adminGetRelated': ['GET', '/api/admin/catalog/products/{id}/related', false],
  'catalog.adminPutRelated': ['PUT', '/api/admin/catalog/products/{id}/related', false],
  'chat.becomeGuest': ['POST', '/api/chat/guests', false],
  'chat.openRoom': ['POST', '/api/chat/rooms', false],
  'chat.listRooms': ['GET', '/api/chat/rooms', false],
  'chat.listMessages': ['GET', '/api/chat/rooms/{roomId}/messages', false],
  'chat.writeMessage': ['POST', '/api/chat/rooms/{roomId}/messages', false],
  'chat.markRead': ['PUT', '/api/chat/rooms/{roomId}/read', false],
  'chat.letIn': ['PUT', '/api/chat/rooms/{roomId}/members/{person}', false],
  'chat.sendOut': ['DELETE', '/api/chat/rooms/{roomId}/members/{person}', false],
  'chat.attach': ['POST', '/api/chat/rooms/{roomId}/attachments', false],
  'chat.getAttachment': ['GET', '/api/chat/rooms/{roomId}/attachments/{id}', false],
  'chat.reportMessage': ['POST', '/api/chat/rooms/{roomId}/messages/{seq}/reports', false],
  'chat.listAllRooms': ['GET', '/api/admin/chat/rooms', false],
  'chat.readMessages': ['GET', '/api/admin/chat/rooms/{roomId}/messages', false],
  'chat.reply': ['POST', '/api/admin/chat/rooms/{roomId}/messages', false],
  'chat.changeRoom': ['PATCH', '/api/admin/chat/rooms/{roomId}', false],
  'chat.listMembers': ['GET', '/api/admin/chat/rooms/{roomId}/members', false],
  'chat.moderateMember': ['PATCH', '/api/admin/chat/rooms/{roomId}/members/{person}', false],
  'chat.removeMessage': ['DELETE', '/api/admin/chat/rooms/{roomId}/messages/{seq}', false],
  'chat.listReports': ['GET', '/api/admin/chat/reports', false],
  'chat.settleReports': ['DELETE', '/api/admin/chat/rooms/{roomId}/messages/{seq}/reports', false],
  'chat.getSettings': ['GET', '/api/admin/chat/settings', false],
  'chat.putSettings': ['PUT', '/api/admin/chat/settings', false],
  'marketing.evaluateFlag': ['POST', '/api/marketing/ofrep/v1/evaluate/flags/{key}', false],
  'marketing.evaluateFlags': ['POST', '/api/marketing/ofrep/v1/evaluate/flags', false],
  'marketing.expose': ['POST', '/api/marketing/exposures', false],
  'marketing.reachGoal': ['POST', '/api/marketing/goals', false],
  'marketing.listFlags': ['GET', '/api/admin/marketing/flags', false],
  'marketing.getFlag': ['GET', '/api/admin/marketing/flags/{key}', false],
  'marketing.putFlag': ['PUT', '/api/admin/marketing/flags/{key}', false],
  'marketing.deleteFlag': ['DELETE', '/api/admin/marketing/flags/{key}', false],
  'marketing.listExperiments': ['GET', '/api/admin/marketing/experiments', false],
  'marketing.createExperiment': ['POST', '/api/admin/marketing/experiments', true],
  'marketing.startExperiment': ['POST', '/api/admin/marketing/experiments/{id}/start', false],
  'marketing.endExperiment': ['POST', '/api/admin/marketing/experiments/{id}/end', false],
  'marketing.getResults': ['GET', '/api/admin/marketing/experiments/{id}/results', false],
  'marketing.countSegment': ['POST', '/api/admin/marketing/segments/count', false],
  'marketing.listCampaigns': ['GET', '/api/admin/marketing/campaigns', false],
  'marketing.createCampaign': ['POST', '/api/admin/marketing/campaigns', true],
  'marketing.getCampaign': ['GET', '/api/admin/marketing/campaigns/{id}', false],
  'marketing.cancelCampaign': ['POST', '/api/admin/marketing/campaigns/{id}/cancel', false],
  'marketing.getPoints': ['GET', '/api/marketing/points', false],
  'marketing.redeemPoints': ['POST', '/api/marketing/points/redemptions', true],
  'marketing.fetchPointsCard': ['POST', '/api/marketing/points/redemptions/{id}/card', false],
  'marketing.getCustomerPoints': ['GET', '/api/admin/marketing/points/{customerId}', false],
  'marketing.grantPoints': ['POST', '/api/admin/marketing/points/{customerId}/grants', true],
  'marketing.getSettings': ['GET', '/api/admin/marketing/settings', false],
  'marketing.putSettings': ['PUT', '/api/admin/marketing/settings', false],
  'media.getPicture': ['GET', '/api/media/{id}', false],
  'media.getShopperPicture': ['GET', '/api/media/shoppers/{id}', false],
  'media.getOwnShopperPicture': ['GET', '/api/media/shoppers/{id}/own', false],
  'media.adminGetShopperPicture': ['GET', '/api/admin/media/shoppers/{id}', false],
  'media.beginUpload': ['POST', '/api/admin/media/uploads', false],
  'media.getUpload': ['GET', '/api/admin/media/uploads/{id}', false],
  'media.finishUpload': ['POST', '/api/admin/media/uploads/{id}/finish', false],
  'media.listAssets': ['GET', '/api/admin/media/assets', false],
  'media.getAsset': ['GET', '/api/admin/media/assets/{id}', false],
  'media.changeAsset': ['PATCH', '/api/admin/media/assets/{id}', false],
  'media.deleteAsset': ['DELETE', '/api/admin/media/assets/{id}', false],
  'media.getOriginal': ['GET', '/api/admin/media/assets/{id}/original', false],
  'media.getMediaUsage': ['GET', '/api/admin/media/usage', false],
  'notifications.getPreferences': ['GET', '/api/notifications/preferences', false],
  'notifications.setPreferences': ['PUT', '/api/notifications/preferences', false],
  'notifications.showUnsubscribe': ['GET', '/api/notifications/unsubscribe', false],
  'notifications.unsubscribe': ['POST', '/api/notifications/unsubscribe', false],
  'notifications.getPushKey': ['GET', '/api/notifications/push/key', false],
  'notifications.subscribePush': ['POST', '/api/notifications/push/subscriptions', false],
  'notifications.unsubscribePush': ['POST', '/api/notifications/push/unsubscriptions', false],
  'notifications.addPhone': ['POST', '/api/notifications/phones', false],
  'notifications.confirmPhone': ['POST', '/api/notifications/phones/confirm', false],
  'notifications.showOutbox': ['GET', '/api/notifications/outbox', false],
  'notifications.listTemplates': ['GET', '/api/admin/notifications/templates', false],
  'notifications.getTemplate': ['GET', '/api/admin/notifications/templates/{kind}/{channel}/{locale}', false],
  'notifications.putTemplate': ['PUT', '/api/admin/notifications/templates/{kind}/{channel}/{locale}', false],
  'notifications.deleteTemplate': ['DELETE', '/api/admin/notifications/templates/{kind}/{channel}/{locale}', false],
  'notifications.previewTemplate': ['POST', '/api/admin/notifications/preview', false],
  'notifications.sendTest': ['POST', '/api/admin/notifications/test', true],
  'notifications.listDeliveries': ['GET', '/api/admin/notifications/deliveries', false],
  'notifications.getSettings': ['GET', '/api/admin/notifications/settings', false],
  'notifications.putSettings': ['PUT', '/api/admin/notifications/settings', false],
  'notifications.listSuppressions': ['GET', '/api/admin/notifications/suppressions', false],
  'notifications.addSuppression': ['POST', '/api/admin/notifications/suppressions', false],
  'notifications.removeSuppression': ['DELETE', '/api/admin/notifications/suppressions/{id}', false],
  'notifications.listOutbox': ['GET', '/api/admin/notifications/outbox', false],
  'orders.createCart': ['POST', '/api/orders/carts', false],
  'orders.claimCart': ['POST', '/api/orders/carts/claim', false],
  'orders.getCart': ['GET', '/api/orders/carts/{cartId}', false],
  'orders.patchCart': ['PATCH', '/api/orders/carts/{cartId}', false],
  'orders.addLine': ['POST', '/api/orders/carts/{cartId}/lines', false],
  'orders.setLine': ['PUT', '/api/orders/carts/{cartId}/lines/{variantId}', false],
  'orders.removeLine': ['DELETE', '/api/orders/carts/{cartId}/lines/{variantId}', false],
  'orders.addCode': ['POST', '/api/orders/carts/{cartId}/codes', false],
  'orders.removeCode': ['DELETE', '/api/orders/carts/{cartId}/codes/{code}', false],
  'orders.addGiftCard': ['POST', '/api/orders/carts/{cartId}/gift-cards', false],
  'orders.removeGiftCard': ['DELETE', '/api/orders/carts/{cartId}/gift-cards/{giftCardId}', false],
  'orders.listShippingMethods': ['GET', '/api/orders/shipping-methods', false],
  'orders.getAvailability': ['GET', '/api/orders/stock', false],
  'orders.checkout': ['POST', '/api/orders/checkout', true],
  'orders.askCartApproval': ['POST', '/api/orders/carts/{cartId}/approval', false],
  'orders.askQuote': ['POST', '/api/orders/quotes', true],
  'orders.listMyOffers': ['GET', '/api/orders/offers', false],
  'orders.getOffer': ['GET', '/api/orders/offers/{draftId}', false],
  'orders.answerOffer': ['POST', '/api/orders/offers/{draftId}/messages', true],
  'orders.declineOffer': ['POST', '/api/orders/offers/{draftId}/decline', false],
  'orders.askOfferApproval': ['POST', '/api/orders/offers/{draftId}/approval', false],
  'orders.acceptOffer': ['POST', '/api/orders/offers/{draftId}/accept', true],
  'orders.listMyOrders': ['GET', '/api/orders/mine', false],
  'orders.listCompanyOrders': ['GET', '/api/orders/company', false],
  'orders.getOrder': ['GET', '/api/orders/{orderId}', false],
  'orders.resumePayment': ['POST', '/api/orders/{orderId}/payment', false],
  'orders.abandonOrder': ['POST', '/api/orders/{orderId}/cancel', false],
  'orders.askReturn': ['POST', '/api/orders/{orderId}/returns', true],
  'orders.previewMyExchange': ['POST', '/api/orders/{orderId}/returns/preview', false],
  'orders.withdrawReturn': ['POST', '/api/orders/{orderId}/returns/{returnId}/withdraw', false],
  'orders.listDrafts': ['GET', '/api/admin/orders/drafts', false],
  'orders.createDraft': ['POST', '/api/admin/orders/drafts', true],
  'orders.getDraft': ['GET', '/api/admin/orders/drafts/{draftId}', false],
  'orders.changeDraft': ['PUT', '/api/admin/orders/drafts/{draftId}', false],
  'orders.offerDraft': ['POST', '/api/admin/orders/drafts/{draftId}/offer', true],
  'orders.holdDraft': ['POST', '/api/admin/orders/drafts/{draftId}/hold', false],
  'orders.answerDraft': ['POST', '/api/admin/orders/drafts/{draftId}/messages', true],
  'orders.completeDraft': ['POST', '/api/admin/orders/drafts/{draftId}/complete', true],
  'orders.cancelDraft': ['POST', '/api/admin/orders/drafts/{draftId}/cancel', false],
  'orders.listOrders': ['GET', '/api/admin/orders/orders', false],
  'orders.getOrderForMerchant': ['GET', '/api/admin/orders/orders/{orderId}', false],
  'orders.getJournal': ['GET', '/api/admin/orders/orders/{orderId}/journal', false],
  'orders.checkJournals': ['GET', '/api/admin/orders/journals/check', false],
  'orders.cancelOrder': ['POST', '/api/admin/orders/orders/{orderId}/cancel', false],
  'orders.refundOrder': ['POST', '/api/admin/orders/orders/{orderId}/refund', true],
  'orders.createFulfilment': ['POST', '/api/admin/orders/orders/{orderId}/fulfilments', true],
  'orders.updateFulfilment': ['PATCH', '/api/admin/orders/orders/{orderId}/fulfilments/{fulfilmentId}', false],
  'orders.cancelUnits': ['POST', '/api/admin/orders/orders/{orderId}/cancel-units', true],
  'orders.beginEdit': ['POST', '/api/admin/orders/orders/{orderId}/edits', true],
  'orders.listEdits': ['GET', '/api/admin/orders/orders/{orderId}/edits', false],
  'orders.getEdit': ['GET', '/api/admin/orders/orders/{orderId}/edits/{editId}', false],
  'orders.changeEdit': ['PUT', '/api/admin/orders/orders/{orderId}/edits/{editId}', false],
  'orders.commitEdit': ['POST', '/api/admin/orders/orders/{orderId}/edits/{editId}/commit', true],
  'orders.askEditApproval': ['POST', '/api/admin/orders/orders/{orderId}/edits/{editId}/approval', false],
  'orders.withdrawEdit': ['POST', '/api/admin/orders/orders/{orderId}/edits/{editId}/withdraw', false],
  'orders.payOwed': ['POST', '/api/admin/orders/orders/{orderId}/pay-owed', true],
  'orders.listReturns': ['GET', '/api/admin/orders/returns', false],
  'orders.createReturn': ['POST', '/api/admin/orders/orders/{orderId}/returns', true],
  'orders.previewExchange': ['POST', '/api/admin/orders/orders/{orderId}/returns/preview', false],
  'orders.authoriseReturn': ['POST', '/api/admin/orders/orders/{orderId}/returns/{returnId}/authorise', false],
  'orders.askReturnApproval': ['POST', '/api/admin/orders/orders/{orderId}/returns/{returnId}/approval', false],
  'orders.declineReturn': ['POST', '/api/admin/orders/orders/{orderId}/returns/{returnId}/decline', false],
  'orders.withdrawReturnForMerchant': ['POST', '/api/admin/orders/orders/{orderId}/returns/{returnId}/withdraw', false],
  'orders.receiveReturn': ['POST', '/api/admin/orders/orders/{orderId}/returns/{returnId}/receive', false],
  'orders.inspectReturn': ['POST', '/api/admin/orders/orders/{orderId}/returns/{returnId}/inspect', false],
  'orders.refundReturn': ['POST', '/api/admin/orders/orders/{orderId}/returns/{returnId}/refund', false],
  'orders.getShippingRules': ['GET', '/api/admin/orders/shipping', false],
  'orders.putShippingRules': ['PUT', '/api/admin/orders/shipping', false],
  'orders.getTaxRules': ['GET', '/api/admin/orders/taxes', false],
  'orders.putTaxRules': ['PUT', '/api/admin/orders/taxes', false],
  'orders.listGiftCards': ['GET', '/api/admin/orders/gift-cards', false],
  'orders.issueGiftCard': ['POST', '/api/admin/orders/gift-cards', true],
  'orders.getGiftCard': ['GET', '/api/admin/orders/gift-cards/{giftCardId}', false],
  'orders.changeGiftCard': ['PATCH', '/api/admin/orders/gift-cards/{giftCardId}', false],
  'orders.listPromotions': ['GET', '/api/admin/orders/promotions', false],
  'orders.createPromotion': ['POST', '/api/admin/orders/promotions', true],
  'orders.getPromotion': ['GET', '/api/admin/orders/promotions/{promotionId}', false],
  'orders.updatePromotion': ['PUT', '/api/admin/orders/promotions/{promotionId}', false],
  'orders.deletePromotion': ['DELETE', '/api/admin/orders/promotions/{promotionId}', false],
  'orders.listStock': ['GET', '/api/admin/orders/stock', false],
  'orders.adjustStock': ['POST', '/api/admin/orders/stock/{variantId}', true],
  'orders.setBackorder': ['PUT', '/api/admin/orders/stock/{variantId}/backorder', false],
  'orders.listLocations': ['GET', '/api/admin/orders/locations', false],
  'orders.createLocation': ['POST', '/api/admin/orders/locations', true],
  'orders.updateLocation': ['PUT', '/api/admin/orders/locations/{locationId}', false],
  'orders.listLevels': ['GET', '/api/admin/orders/stock/{variantId}/locations', false],
  'orders.transferStock': ['POST', '/api/admin/orders/stock/{variantId}/transfer', true],
  'payments.listDisputes': ['GET', '/api/admin/payments/disputes', false],
  'payments.getDispute': ['GET', '/api/admin/payments/disputes/{disputeId}', false],
  'payments.contestDispute': ['POST', '/api/admin/payments/disputes/{disputeId}/evidence', true],
  'payments.concedeDispute': ['POST', '/api/admin/payments/disputes/{disputeId}/accept', true],
  'payments.listPayouts': ['GET', '/api/admin/payments/payouts', false],
  'payments.listDifferences': ['GET', '/api/admin/payments/differences', false],
  'payments.comparePayouts': ['POST', '/api/admin/payments/payouts/compare', false],
  'payments.getPaymentStatus': ['GET', '/api/payments/orders/{orderId}', false],
  'recommendations.recommend': ['GET', '/api/recommendations/products', false],
  'recommendations.search': ['GET', '/api/recommendations/search', false],
  'recommendations.listPopular': ['GET', '/api/admin/recommendations/popular', false],
  'recommendations.explainProduct': ['GET', '/api/admin/recommendations/products/{productId}', false],
};
