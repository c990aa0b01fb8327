// The page of an exported file or folder: the page of a running dashboard, over what the file holds.

import { startPage } from "./app.js";
import { exportedData, InlineSource } from "./sources/source_inline.js";

startPage(new InlineSource(exportedData()));
