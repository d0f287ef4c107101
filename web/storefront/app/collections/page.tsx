/** There is no page of collections: the home page shows them. */
import { redirect } from 'next/navigation';

export default function Collections() {
  redirect('/#collections');
}
