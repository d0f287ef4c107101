-- Where the payment was asked for, as a W3C traceparent: the processor tells what became of it in no trace of ours.
alter table payments_payments add column trace text;
