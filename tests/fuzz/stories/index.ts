/**
 * What is only reached by several people doing the right thing in the right order: a company that approves a purchase, a paid order that
 * is edited and sent back, a passkey. Each step is a request of the campaign, judged and remembered like any other, so that afterwards
 * everything that these stories leave behind is fuzzed as well.
 */
import { aPicture, aPriceList, aReview, aWishlist, somethingSoldOut, whatGoesWithIt } from './catalogue.ts';
import { aCompany, aCompanyOrderThatBecomesDearer } from './companies.ts';
import { aChatInAGroup, aPhone, passkeysOfACustomer } from './customers.ts';
import {
  anAuthenticatorApp,
  anExperiment,
  aTemplate,
  aTransfer,
  passkeysOfTheStaff,
  rolesOfTheStaff,
} from './merchants.ts';
import {
  anOrderThatIsEdited,
  anOrderThatIsNotPaid,
  aPayPalOrder,
  discountsOfACart,
  disputes,
  offers,
  unitsThatAreGivenUp,
} from './orders.ts';
import { anExchange, anOrderThatComesBack } from './returns.ts';
import { anAccountElsewhere, anApp, atTwoPlaces } from './sign-ins.ts';
import type { Story } from './telling.ts';

export const STORIES: readonly Story[] = [
  passkeysOfACustomer,
  passkeysOfTheStaff,
  anAuthenticatorApp,
  rolesOfTheStaff,
  atTwoPlaces,
  anApp,
  anAccountElsewhere,
  aReview,
  aWishlist,
  somethingSoldOut,
  whatGoesWithIt,
  aPicture,
  aPriceList,
  aChatInAGroup,
  anExperiment,
  aPhone,
  aTemplate,
  discountsOfACart,
  anOrderThatIsNotPaid,
  anOrderThatIsEdited,
  unitsThatAreGivenUp,
  anOrderThatComesBack,
  anExchange,
  aPayPalOrder,
  disputes,
  offers,
  aCompany,
  aCompanyOrderThatBecomesDearer,
  aTransfer,
];
