-- Apple wants a token for a secret, signed by a key of the merchant's team: the sealed secret is that key then.
alter table sign_in_providers add column apple_team text, add column apple_key text;
