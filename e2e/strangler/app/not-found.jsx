export default function NotFound() {
  return <h1>No such thing</h1>;
}
