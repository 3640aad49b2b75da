'use client';

import { useActionState, useEffect, useState, useTransition } from 'react';

// show writes a value with the types that JSON lacks.
function show(value) {
  return JSON.stringify(value, function (key, json) {
    const v = this[key]; // Dates are text already in json
    if (v === undefined) return 'undefined';
    if (v instanceof Date) return { Date: v.toISOString() };
    if (v instanceof Map) return { Map: [...v] };
    return json;
  });
}

// Button calls an action and shows what it returns. An error goes to the error
// boundary, because the call is in a transition of the component.
export function Button({ name, action, args = [] }) {
  const [, startTransition] = useTransition();
  const [shown, setShown] = useState('');
  const call = () => startTransition(async () => setShown(show(await action(...args))));
  return <p><button id={name} onClick={call}>{name}</button> <output id={`${name}-out`}>{shown}</output></p>;
}

export function Order({ action }) {
  const [state, submit] = useActionState(action, null);
  return (
    <form action={submit}>
      <input name="item" /><input name="amount" />
      <button id="order">Order</button>
      <output id="order-out">{state && show(state)}</output>
    </form>
  );
}

// Ready tells the test that the buttons work.
export function Ready() {
  useEffect(() => { document.documentElement.dataset.ready = ''; }, []);
}
