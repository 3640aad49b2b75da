import { Component, startTransition, useActionState, useOptimistic, useState } from "react";
import { attachReceipt, createInvoice, fail, like, publish, signIn, undeclared } from "./gateway.js";

export function App({ page }) {
  return (
    <>
      <h1>Invoices</h1>
      <Boundary><SignIn user={page.user} /></Boundary>
      <Boundary><Invoices invoices={page.invoices} /></Boundary>
      <Boundary><Likes count={page.likes} /></Boundary>
      <Boundary><Trouble /></Boundary>
    </>
  );
}

function SignIn({ user }) {
  return user ? <p id="user">Signed in as {user}</p> : (
    <form id="sign-in" action={signIn}>
      <input name="user" placeholder="Your name" required />
      <button>Sign in</button>
    </form>
  );
}

function Invoices({ invoices }) {
  const [shown, addPending] = useOptimistic(invoices, (list, invoice) => [...list, invoice]);
  return (
    <>
      <ul id="invoices">
        {shown.map((invoice) => <li key={invoice.id}><Boundary><Invoice invoice={invoice} /></Boundary></li>)}
      </ul>
      <CreateInvoice addPending={addPending} />
    </>
  );
}

function CreateInvoice({ addPending }) {
  const [state, submit, pending] = useActionState((previous, form) => {
    addPending({ id: "pending", customer: form.get("customer"), amount: form.get("amount"), pending: true });
    return createInvoice(previous, form);
  }, null);
  const { errors = {}, values = {} } = state ?? {};
  return (
    <form id="create" action={submit}>
      <input name="customer" placeholder="Customer" defaultValue={values.customer} />
      <input name="amount" placeholder="12.50" defaultValue={values.amount} />
      <button disabled={pending}>Create</button>
      {Object.entries(errors).map(([field, text]) => <p className="error" key={field}>{text}</p>)}
      {state?.created && <p className="done">Invoice {state.created} is there.</p>}
    </form>
  );
}

function Invoice({ invoice }) {
  return (
    <>
      <b>{invoice.customer}</b> {invoice.amount}{" "}
      {invoice.receipt && <small>{invoice.receipt.name}, {invoice.receipt.size} bytes</small>}{" "}
      {invoice.pending ? <em>saving …</em> : <Receipt invoice={invoice} />}
      {invoice.published ? <em>published</em> : invoice.publish && <Publish sealed={invoice.publish} />}
    </>
  );
}

// The backend has sealed the invoice and the version that the page shows. As
// all that is sealed, it goes back as a promise of the text in the first
// argument.
function Publish({ sealed }) {
  const publishThis = publish.bind(null, Promise.resolve(sealed));
  const [state, submit, pending] = useActionState((_, form) => publishThis(form), null);
  return (
    <form className="publish" action={submit}>
      <button disabled={pending}>Publish</button>
      {state?.error && <p className="error">{state.error}</p>}
    </form>
  );
}

function Receipt({ invoice }) {
  const attach = attachReceipt.bind(null, invoice.id);
  const [state, submit, pending] = useActionState((_, form) => attach(form), null);
  return (
    <form className="receipt" action={submit}>
      <input type="file" name="receipt" />
      <button disabled={pending}>Attach</button>
      {state?.error && <p className="error">{state.error}</p>}
    </form>
  );
}

function Likes({ count }) {
  const [liked, setLiked] = useState({ count });
  const press = async () => {
    const result = await like();
    startTransition(() => setLiked(result));
  };
  return (
    <form id="like" action={press}>
      <button>Like</button> <output>{liked.count}</output>
      {/* A Date, which plain JSON does not have. */}
      {liked.at && <small>{liked.at.toISOString()}</small>}
    </form>
  );
}

// Each of these calls goes wrong in its own way.
function Trouble() {
  return (
    <form id="trouble">
      <button formAction={() => fail()}>An action that fails</button>
      <button formAction={() => undeclared()}>An action that nobody declared</button>
      <button formAction={() => publish(Promise.resolve("ag1.bm90IHNlYWxlZA"), new FormData())}>A seal that is none</button>
    </form>
  );
}

// Boundary shows what an action threw: the backend's failures, of which the
// client learns a digest only, and the gate's refusals, which have a reason.
class Boundary extends Component {
  state = {};

  static getDerivedStateFromError(error) {
    return { error };
  }

  render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <p role="alert">
        {error.reason ? error.message : "This did not work."}{" "}
        <code>{[error.reason, error.digest].filter(Boolean).join(" ") || error.message}</code>{" "}
        <button onClick={() => this.setState({ error: null })}>Try again</button>
      </p>
    );
  }
}
