// Starts the page: the state from the address, the theme, then the engine.
import { render } from "preact";
import { App } from "./app.tsx";
import { followAddress } from "./state/address.ts";
import { begin, follow } from "./state/session.ts";
import { followTheme } from "./ui/theme.ts";
import "./style/tokens.css";
import "./style/page.css";
import "./2-data/data.css";
import "./3-windows/windows.css";
import "./4-embedding/embedding.css";
import "./5-network/picture.css";
import "./6-training/training.css";
import "./7-generation/generation.css";
import "./8-scoring/scoring.css";

followAddress();
followTheme();
const page = document.getElementById("page")!;
page.replaceChildren();
render(<App />, page);
follow();
void begin();
