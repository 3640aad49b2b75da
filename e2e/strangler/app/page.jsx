import { cookies } from 'next/headers';
import * as actions from './actions';
import { Button, Order, Ready } from './client';

const yesterday = new Date('2026-01-01T00:00:00Z');

export default async function Page() {
  const user = (await cookies()).get('user')?.value ?? 'nobody';
  const inStock = await fetch(`${process.env.BACKEND}/stock`, { cache: 'no-store' }).then((r) => r.text());
  const price = { cents: 1250, since: yesterday };

  // buy captures the price, which the browser gets sealed.
  async function buy(amount) {
    'use server';
    return [price, amount];
  }

  return (
    <main>
      <Ready />
      <p id="user">{user}</p>
      <p id="in-stock">{inStock}</p>
      <Button name="quote" action={actions.quote} args={['tea', new Map([['size', 2]])]} />
      <Button name="stock" action={actions.stock} args={['tea']} />
      <Button name="buy" action={buy} args={[3]} />
      <Button name="thank" action={actions.thank} />
      <Button name="report" action={actions.report} args={['not declared']} />
      <Button name="signIn" action={actions.signIn} args={['Ada']} />
      <Button name="restock" action={actions.restock} />
      <Button name="cancel" action={actions.cancel} args={[7]} />
      <Button name="find" action={actions.find} args={[7]} />
      <Order action={actions.order} />
      <form action={actions.subscribe}><input name="mail" /><button id="subscribe">Subscribe</button></form>
      <form action={actions.contact}><input name="text" /><button id="contact">Send</button></form>
    </main>
  );
}
