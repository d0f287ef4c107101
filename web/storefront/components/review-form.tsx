'use client';
/** The form of one's own review: what was written stays when it is refused. It works without script too. */
import { useActionState } from 'react';
import { Field, Labelled } from '../../ui/field.tsx';
import { button, field } from '../../ui/styles.ts';
import type { FormState } from '../lib/actions.ts';
import { sendReview } from '../lib/review-actions.ts';
import { ReviewPictures } from './review-pictures.tsx';
import type { OwnPicture, ReviewPicturesProps } from './review-pictures.tsx';
import { Submit } from './submit.tsx';

export interface ReviewFormProps {
  readonly product: string;
  /** One that is written anew. */
  readonly review: { readonly id: string; readonly version: number } | undefined;
  readonly values: FormState['values'];
  readonly idempotencyKey: string;
  readonly words: Readonly<Record<'rating' | 'heading' | 'body' | 'name' | 'send', string>>;
  /** Of one star to five, read aloud. */
  readonly stars: readonly string[];
  /** Those it has, and how many it may have; 0: none. */
  readonly pictures: readonly OwnPicture[];
  readonly mostPictures: number;
  readonly pictureWords: ReviewPicturesProps['words'];
}

export function ReviewForm({
  product,
  review,
  values,
  idempotencyKey,
  words,
  stars,
  pictures,
  mostPictures,
  pictureWords,
}: ReviewFormProps) {
  const [state, action] = useActionState(sendReview, { errors: {}, values, key: idempotencyKey });
  if (state.done !== undefined)
    return (
      <p role="status" className="mt-4 rounded-xl bg-sunken p-4" data-testid="review-sent">
        {state.done}
      </p>
    );
  return (
    <form action={action} noValidate className="mt-4 grid max-w-xl gap-5" data-testid="review-form">
      <input type="hidden" name="product" value={product} />
      <input type="hidden" name="key" value={state.key} />
      {review === undefined ? null : (
        <>
          <input type="hidden" name="review" value={review.id} />
          <input type="hidden" name="version" value={review.version} />
        </>
      )}
      <Labelled id="review-rating" label={words.rating} error={state.errors['rating']}>
        {/* Made anew after each attempt: a form that is reset forgets what a select has as its default by now. */}
        <select
          key={state.key}
          id="review-rating"
          name="rating"
          defaultValue={state.values['rating'] ?? ''}
          className={field}
        >
          <option value="" disabled hidden />
          {stars.map((label, at) => (
            <option key={label} value={at + 1}>
              {`${'★'.repeat(at + 1)} ${label}`}
            </option>
          ))}
        </select>
      </Labelled>
      <Field
        name="title"
        prefix="review"
        label={words.heading}
        error={state.errors['title']}
        defaultValue={state.values['title']}
        maxLength={120}
      />
      <Labelled id="review-body" label={words.body} error={state.errors['body']}>
        <textarea
          id="review-body"
          name="body"
          rows={5}
          maxLength={5_000}
          required
          defaultValue={state.values['body']}
          aria-invalid={state.errors['body'] === undefined ? undefined : true}
          className={field}
        />
      </Labelled>
      <Field
        name="name"
        prefix="review"
        label={words.name}
        error={state.errors['name']}
        defaultValue={state.values['name']}
        maxLength={60}
        autoComplete="nickname"
        required
      />
      {mostPictures === 0 && pictures.length === 0 ? null : (
        <ReviewPictures product={product} most={mostPictures} pictures={pictures} words={pictureWords} />
      )}
      {state.message === undefined ? null : (
        <p role="alert" className="text-sm text-danger">
          {state.message}
        </p>
      )}
      <Submit className={`${button.secondary} justify-self-start`}>{words.send}</Submit>
    </form>
  );
}
