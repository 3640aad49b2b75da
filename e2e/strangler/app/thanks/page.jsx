export default async function Thanks({ searchParams }) {
  return <h1>Thank you, says {(await searchParams).by}</h1>;
}
