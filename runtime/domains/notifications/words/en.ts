/** Messages in English. */
import type { Words } from './index.ts';

const HELLO = 'Hello{{#if recipient.name}} {{recipient.name}}{{/if}},';

export const en: Words = {
  frame: {
    total: 'Total',
    because: 'You get this message because of your order or account at',
    unsubscribe: 'Unsubscribe',
    preferences: 'Preferences',
  },
  messages: {
    'accounts.welcome': {
      subject: 'Welcome to {{shop.name}}',
      lines: [HELLO, 'your account at {{shop.name}} is ready. You find your orders and addresses there.'],
      button: 'Your account',
    },
    'accounts.registration': {
      subject: 'Open your account at {{shop.name}}',
      lines: [
        HELLO,
        'somebody asked for an account at {{shop.name}} with this address. Choose a password by the link, and it is open. The link is good for a day, once. If it was not you, do nothing: there is no account then.',
      ],
      button: 'Choose a password',
    },
    'accounts.known': {
      subject: 'You have an account at {{shop.name}}',
      lines: [
        HELLO,
        'somebody asked for an account at {{shop.name}} with this address, and you have one. Just log in. If you no longer know your password, the link gives you a new one; it is good for an hour, once. If it was not you, do nothing.',
      ],
      button: 'New password',
    },
    'accounts.reset': {
      subject: 'A new password for {{shop.name}}',
      lines: [
        HELLO,
        'somebody asked for a new password for your account at {{shop.name}}. The link is good for an hour, once. If it was not you, do nothing: the password stays as it is.',
      ],
      button: 'New password',
    },
    'accounts.erasure': {
      subject: 'You want to be forgotten by {{shop.name}}',
      lines: [
        HELLO,
        'we have your wish to be forgotten. It is done by {{due}} at the latest. Your account, addresses, wishlists, messages and the words of your reviews go then. What you ordered and paid stays for the books, as the law wants it, without your name, address and e-mail. If it was not you, or you think better of it, take it back by the link.',
      ],
      button: 'Your data',
    },
    'accounts.erased': {
      subject: 'You are forgotten by {{shop.name}}',
      lines: [
        HELLO,
        'this is our last message: your data at {{shop.name}} are being erased. Your account, addresses, wishlists, messages and the words of your reviews go; what you ordered and paid stays for the books, without your name, address and e-mail. Backups that have them are removed in time. Thank you for having been with us.',
      ],
    },
    'accounts.signed_out': {
      subject: 'You are logged out everywhere at {{shop.name}}',
      lines: [
        HELLO,
        'you, or somebody at one of your devices, had your account at {{shop.name}} logged out everywhere: on every device, and in every app that you logged in to with it. Log in again where you want to. If it was not you, choose a new password by the link.',
      ],
      button: 'New password',
    },
    'accounts.password': {
      subject: 'Your password for {{shop.name}} was changed',
      lines: [
        HELLO,
        'the password of your account at {{shop.name}} is another now, and whoever was logged in with it before is logged out. If it was not you, choose another by the link.',
      ],
      button: 'New password',
    },
    'staff.password': {
      subject: 'Your password for {{shop.name}} was changed',
      lines: [
        HELLO,
        'the password by which you sign in to the staff of {{shop.name}} is another now. If it was not you, choose another, and tell whoever runs the shop.',
      ],
    },
    'staff.signed_out': {
      subject: 'You are signed out everywhere at {{shop.name}}',
      lines: [
        HELLO,
        'you, or somebody at one of your devices, had you signed out of the staff of {{shop.name}} everywhere. Sign in again where you want to. If it was not you, choose a new password, and tell whoever runs the shop.',
      ],
    },
    'staff.invitation': {
      subject: 'Join the staff of {{shop.name}}',
      lines: [
        HELLO,
        'you were invited to run {{shop.name}} together with others. The link is good for a week, once.',
      ],
      button: 'Accept',
    },
    'companies.invitation': {
      subject: 'Buy for {{company}} at {{shop.name}}',
      lines: [
        HELLO,
        'you were invited to buy for {{company}} at {{shop.name}}. The link is good for a week, once.',
      ],
      button: 'Accept',
    },
    'companies.approved': {
      subject: '{{company}} can buy at {{shop.name}}',
      lines: [
        HELLO,
        'the company account of {{company}} at {{shop.name}} is open. Invite whoever buys for you.',
      ],
      button: 'Your company',
    },
    'companies.approval': {
      subject: '{{buyer}} needs your approval: {{total}}',
      lines: [
        HELLO,
        '{{buyer}} wants to buy for {{company}} at {{shop.name}}: {{total}}.{{#if words}} {{words}}{{/if}}',
      ],
      button: 'Approve or decline',
    },
    'companies.granted': {
      subject: 'You can buy: {{total}}',
      lines: [
        HELLO,
        'what you asked for at {{shop.name}} was approved: {{total}}.{{#if words}} {{words}}{{/if}} Go on to the checkout; if you change the cart, it has to be approved again.',
      ],
      button: 'Go on',
    },
    'companies.declined': {
      subject: 'Not approved: {{total}}',
      lines: [
        HELLO,
        'what you asked for at {{shop.name}} was not approved: {{total}}.{{#if words}} {{words}}{{/if}}',
      ],
      button: 'Have a look',
    },
    'orders.confirmed': {
      subject: 'Your order {{number}}',
      lines: [
        HELLO,
        'thank you for your order {{number}} of {{placedAt}}. We tell you when it is on its way.',
      ],
      button: 'Your order',
      short: 'Thank you for your order {{number}}: {{total}}.',
    },
    'orders.paid': {
      subject: 'We have your payment for order {{number}}',
      lines: [HELLO, 'we received {{amount}} for your order {{number}} on {{at}}.'],
      button: 'Your order',
    },
    'orders.shipped': {
      subject: 'Your order {{number}} is on its way',
      lines: [
        HELLO,
        'a parcel of your order {{number}} has left our house.{{#if tracking}} You can follow it: {{tracking}}{{/if}}{{#if follow}} {{follow}}{{/if}}',
      ],
      button: 'Your order',
      short: 'Your order {{number}} is on its way.',
    },
    'orders.refunded': {
      subject: 'A refund for your order {{number}}',
      lines: [
        HELLO,
        'of the {{total}} of your order {{number}} we have returned {{refunded}} so far. Your bank shows it within a few days.',
      ],
      button: 'Your order',
      short: 'Order {{number}}: {{refunded}} returned.',
    },
    'orders.cancelled': {
      subject: 'Your order {{number}} is cancelled',
      lines: [
        HELLO,
        'your order {{number}} is cancelled.{{#if reason}} {{reason}}{{/if}} What you paid is returned.',
      ],
      button: 'Your order',
      short: 'Your order {{number}} is cancelled.',
    },
    'orders.edited': {
      subject: 'Your order {{number}} has changed',
      lines: [
        HELLO,
        'we have changed your order {{number}}.{{#if words}} {{words}}{{/if}} It now comes to {{total}}.{{#if owed}} {{owed}} of it is still to be paid, by the link, which is yours alone.{{/if}}',
      ],
      button: 'Your order',
    },
    'orders.exchange': {
      subject: 'Your exchange for order {{number}}',
      lines: [
        HELLO,
        'the exchange for your order {{number}} is agreed.{{#if words}} {{words}}{{/if}}{{#if owed}} {{owed}} is to be paid in addition, by the link, which is yours alone.{{/if}}{{#if back}} {{back}} goes back to you once your goods have come to us.{{/if}} This is what you get:',
      ],
      button: 'Your order',
    },
    'orders.offer': {
      subject: 'Our offer {{number}}',
      lines: [
        HELLO,
        'our offer {{number}} comes to {{total}} and stands until {{validUntil}}.{{#if words}} {{words}}{{/if}} You accept it and pay by the link, which is yours alone.',
      ],
      button: 'See the offer',
    },
    'orders.message': {
      subject: 'About {{number}}',
      lines: [HELLO, 'we have a word about {{number}}: {{words}}'],
      button: 'Answer',
    },
    'marketing.cart': {
      subject: 'You left something behind',
      lines: [HELLO, 'this is still waiting for you:'],
      button: 'Back to your cart',
      short: 'Something in your cart is still waiting for you.',
    },
    'marketing.campaign': {
      subject: '{{title}}',
      lines: [HELLO],
      button: '{{label}}',
      short: '{{title}} {{link}}',
    },
    'reviews.request': {
      subject: 'How do you like it?',
      lines: [
        HELLO,
        'some days ago your order {{number}} arrived. Others would like to know how you like it, and so would we. A few words are enough:',
      ],
    },
    'wishes.back': {
      subject: 'Back again: what you wished for',
      lines: [HELLO, 'this is on your wishlist, and it is back:'],
      button: 'Back to the shop',
      short: 'Something on your wishlist is back.',
    },
    'wishes.cheaper': {
      subject: 'It costs less now',
      lines: [HELLO, 'this is on your wishlist, and it costs less than before:'],
      button: 'Back to the shop',
      short: 'Something on your wishlist costs less now.',
    },
    'alerts.confirm': {
      subject: 'Tell you when {{product}} is back?',
      lines: [
        HELLO,
        'somebody asked at {{shop.name}} to be told at this address when {{product}} is back. If it was you, say yes by the link; it is good for two days. If it was not you, do nothing: nobody writes to you then.',
      ],
      button: 'Yes, tell me',
    },
    'alerts.back': {
      subject: '{{product}} is back',
      lines: [HELLO, '{{product}} is back at {{shop.name}}. You asked to be told of it, once: this was it.'],
      button: 'Have a look',
    },
    'merchant.order': {
      subject: 'New order {{number}}: {{total}}',
      lines: ['{{shop.name}} has a new order, {{number}}.'],
      button: 'The order',
    },
    'merchant.quote': {
      subject: 'Quote {{number}}: {{email}}',
      lines: ['{{email}} asks about quote {{number}} at {{shop.name}}.{{#if words}} {{words}}{{/if}}'],
    },
    'merchant.company': {
      subject: 'Company account wanted: {{company}}',
      lines: [
        '{{company}} ({{country}}{{#if taxId}}, {{taxId}}{{/if}}) asks for a company account at {{shop.name}}.',
      ],
    },
    'merchant.review': {
      subject: 'New review of {{product}}: {{rating}} of 5',
      lines: ['A review of {{product}} with {{rating}} of 5 stars waits to be read.'],
    },
    'merchant.dispute': {
      subject: 'Disputed: {{amount}} of order {{number}}',
      lines: [
        'The bank of whoever paid order {{number}} takes {{amount}} back. Answer at your payment provider; there is a deadline.',
      ],
      button: 'The order',
    },
    'merchant.refund_failed': {
      subject: 'Came back: {{amount}} of order {{number}}',
      lines: [
        '{{amount}} that was to go back for order {{number}} did not arrive, as when the card was closed meanwhile. The money is with you again: pay it back once more, or ask the customer how they want it.',
      ],
      button: 'The order',
    },
    'merchant.webhook': {
      subject: 'Switched off: the webhook to {{receiver}}',
      lines: [
        '{{receiver}}{{#if description}} ({{description}}){{/if}} has taken no event of {{shop.name}} since {{since}}, so it is told nothing for now.',
        'What happens is kept for a week. See what it answered in the log of deliveries, and switch it on again: it is told then.',
      ],
    },
    digest: { subject: 'What happened at {{shop.name}}', lines: [HELLO, 'since yesterday:'] },
    'contact.code': {
      subject: '{{code}}',
      lines: [],
      short: '{{code}} is your code. It is valid for ten minutes.',
    },
  },
};
