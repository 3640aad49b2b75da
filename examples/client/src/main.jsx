import "./webpack.js";
import { createRoot } from "react-dom/client";
import { App } from "./app.jsx";
import { start } from "./page.js";

// Nothing is hydrated: the backend's HTML comes from a template of its own
// language, and React puts its own in place of it.
const root = createRoot(document.getElementById("root"));
start((page) => root.render(<App page={page} />));
