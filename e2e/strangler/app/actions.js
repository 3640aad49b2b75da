'use server';

// What calls of these return if Next.js still serves them itself. Their names
// and parameters are what the browser gets to know, so they stay in the app
// when the work has moved.

import { redirect } from 'next/navigation';

export async function quote(item, options) { return 'from Next.js'; }
export async function stock(item) { return 'from Next.js'; }
export async function order(state, form) { return 'from Next.js'; }
export async function subscribe(form) { redirect('/thanks?by=Next.js'); }
export async function contact(form) { redirect('/thanks?by=Next.js'); }
export async function thank() { return 'from Next.js'; }
export async function report() { return 'from Next.js'; }
export async function signIn(user) { return 'from Next.js'; }
export async function restock() { return 'from Next.js'; }
export async function cancel(id) { return 'from Next.js'; }
export async function find(id) { return 'from Next.js'; }
