// The page of a running dashboard. An exported file starts the same page over its own source.

import { startPage } from "./app.js";
import { ServerSource } from "./sources/source_server.js";

startPage(new ServerSource());
