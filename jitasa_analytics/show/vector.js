// A map of areas on a canvas: outlines are fetched once and kept by the browser, afterwards only
// one letter for each area travels. No WebGL, so that an office PC without a graphics driver draws it too.

const WORLD = 20037508.342789244
const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
const MARKS = {
  circle: "M-.5 0A.5 .5 0 1 0 .5 0A.5 .5 0 1 0 -.5 0Z",
  diamond: "M0 -.62L.62 0L0 .62L-.62 0Z",
  triangle: "M0 -.6L.6 .5L-.6 .5Z",
  square: "M-.45 -.45H.45V.45H-.45Z",
  star: "M0 -.5L.12 -.16L.48 -.15L.19 .06L.29 .4L0 .2L-.29 .4L-.19 .06L-.48 -.15L-.12 -.16Z",
  cross: "M-.36 -.5L0 -.14L.36 -.5L.5 -.36L.14 0L.5 .36L.36 .5L0 .14L-.36 .5L-.5 .36L-.14 0L-.5 -.36Z",
  plus: "M-.17 -.5H.17V-.17H.5V.17H.17V.5H-.17V.17H-.5V-.17H-.17Z",
}

const fetched = new Map()

// Outlines by address, fetched and made into paths once for all maps of the page.
function outlines(url) {
  if (!url) { return Promise.resolve(null) }
  if (!fetched.has(url)) {
    const made = fetch(url).then((answer) => {
      if (!answer.ok) { throw new Error(`${url} answers ${answer.status}`) }
      return answer.json()
    }).then(paths)
    made.catch(() => fetched.delete(url))
    fetched.set(url, made)
    if (fetched.size > 12) { fetched.delete(fetched.keys().next().value) }
  }
  return fetched.get(url)
}

// Paths in steps of the outlines' grid, y downwards, with the box of each area.
function paths(raw) {
  const [left, top, step] = raw.grid
  const areas = raw.rings.map((rings) => {
    const path = new Path2D()
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity]
    for (const ring of rings) {
      let [x, y] = [ring[0], ring[1]]
      path.moveTo(x, y)
      x0 = Math.min(x0, x); x1 = Math.max(x1, x); y0 = Math.min(y0, y); y1 = Math.max(y1, y)
      for (let i = 2; i < ring.length; i += 2) {
        x += ring[i]; y += ring[i + 1]
        path.lineTo(x, y)
        if (x < x0) { x0 = x } else if (x > x1) { x1 = x }
        if (y < y0) { y0 = y } else if (y > y1) { y1 = y }
      }
      path.closePath()
    }
    return {path, box: [x0, y0, x1, y1]}
  })
  return {...raw, left, top, step, areas}
}

export function render({model, el}) {
  const root = document.createElement("div")
  root.className = "map"
  root.innerHTML = `<canvas tabindex="0" role="application"></canvas><div class="tip" hidden></div>
    <div class="buttons"><button type="button" data-do="in">+</button><button type="button" data-do="out">−</button>
    <button type="button" data-do="all"><svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path
    d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" fill="none" stroke="currentColor" stroke-width="1.6"/></svg></button>
    </div><div class="state" role="status"></div><div class="credit"></div>`
  const canvas = root.querySelector("canvas"), tip = root.querySelector(".tip"), told = root.querySelector(".state")
  const context = canvas.getContext("2d")
  const probe = document.createElement("canvas").getContext("2d")
  const base = document.createElement("canvas")
  let shapes = null, around = null, view = null, baseView = null, home = null
  let hover = -1, chosen = model.chosen, busy = 0, later = 0, picture = null
  let [wide, high] = [0, 0]
  const tiles = new Map()
  const ratio = () => Math.min(window.devicePixelRatio || 1, 2)

  // -- view: centre in metres and metres a pixel -------------------------------------------

  function fitted(bounds) {
    const [west, south, east, north] = bounds
    const scale = Math.max((east - west) / wide, (north - south) / high) * 1.04
    return {x: (west + east) / 2, y: (south + north) / 2, scale}
  }

  const bounds = (v) => [v.x - v.scale * wide / 2, v.y - v.scale * high / 2,
                         v.x + v.scale * wide / 2, v.y + v.scale * high / 2]
  const to_pixel = (x, y, v = view) => [(x - v.x) / v.scale + wide / 2, (v.y - y) / v.scale + high / 2]
  const to_metres = (px, py) => [view.x + (px - wide / 2) * view.scale, view.y - (py - high / 2) * view.scale]

  function move(next) {
    const least = home ? home.scale / 400 : 1, most = home ? home.scale * 3 : 1e5
    view = {...next, scale: Math.min(Math.max(next.scale, least), most)}
    soon()
    clearTimeout(later)
    later = setTimeout(() => { settle(); tell() }, 140)
  }

  function zoom(factor, px = wide / 2, py = high / 2) {
    if (!view) { return }
    const [x, y] = to_metres(px, py)
    const scale = Math.min(Math.max(view.scale * factor, home.scale / 400), home.scale * 3)
    move({x: x - (px - wide / 2) * scale, y: y + (py - high / 2) * scale, scale})
  }

  function tell() {
    if (view) { model.view = bounds(view).map(Math.round) }
  }

  // -- drawing -----------------------------------------------------------------------------

  function soon() {
    if (!busy) { busy = requestAnimationFrame(() => { busy = 0; compose() }) }
  }

  // Grid steps to pixels of a canvas.
  function transform(pen, outline, v, density) {
    const scale = outline.step / v.scale * density
    const [x, y] = to_pixel(outline.left, outline.top, v)
    pen.setTransform(scale, 0, 0, scale, x * density, y * density)
    return scale
  }

  function visible(outline, v) {
    const [west, south, east, north] = bounds(v)
    const [a, b, c, d] = [(west - outline.left) / outline.step, (outline.top - north) / outline.step,
                          (east - outline.left) / outline.step, (outline.top - south) / outline.step]
    return (box) => box[2] >= a && box[0] <= c && box[3] >= b && box[1] <= d
  }

  function pattern(pen, scale, density, kind) {
    const ground = model.ground, size = 7 * density
    const cell = document.createElement("canvas")
    cell.width = cell.height = size
    const ink = cell.getContext("2d")
    ink.fillStyle = ground.no_data
    ink.fillRect(0, 0, size, size)
    ink.strokeStyle = ink.fillStyle = ground.hatch
    ink.lineWidth = density
    ink.beginPath()
    if (kind === "*") {
      ink.arc(size / 2, size / 2, 1.2 * density, 0, 7); ink.fill()
    } else {
      for (const at of [-size, 0, size]) { ink.moveTo(at, size); ink.lineTo(at + size, 0) }
      ink.stroke()
    }
    const made = pen.createPattern(cell, "repeat")
    made.setTransform(new DOMMatrix().scale(1 / scale))
    return made
  }

  // Neighbours and areas, on a canvas of their own that is moved while the view moves.
  function settle() {
    // Colours of other areas than the drawn ones wait for their outlines.
    if (!shapes || !view || !wide || !high || shapes.url !== model.source) { return }
    const density = ratio(), ground = model.ground
    if (base.width !== canvas.width || base.height !== canvas.height) {
      base.width = canvas.width; base.height = canvas.height
    }
    const pen = base.getContext("2d")
    pen.setTransform(1, 0, 0, 1, 0, 0)
    pen.fillStyle = ground.sea
    pen.fillRect(0, 0, base.width, base.height)
    pen.lineJoin = "round"
    const tiled = model.tiles && draw_tiles(pen, density)
    if (around && !tiled) {
      const scale = transform(pen, around, view, density), seen = visible(around, view)
      pen.fillStyle = ground.context_fill; pen.strokeStyle = ground.context_line; pen.lineWidth = 0.8 * density / scale
      for (const area of around.areas) { if (seen(area.box)) { pen.fill(area.path, "evenodd"); pen.stroke(area.path) } }
    }
    const scale = transform(pen, shapes, view, density), seen = visible(shapes, view)
    const letters = model.paint.letters || "", palette = model.paint.palette || []
    const styles = {"-": pattern(pen, scale, density, "-"), "*": pattern(pen, scale, density, "*")}
    const shown = shapes.areas.reduce((n, area) => n + seen(area.box), 0)
    const lines = shown < 1500
    pen.strokeStyle = ground.outline
    pen.lineWidth = (shown < 300 ? 0.9 : 0.45) * density / scale
    pen.globalAlpha = tiled ? 0.72 : 1
    shapes.areas.forEach((area, i) => {
      if (!seen(area.box)) { return }
      const letter = letters[i] ?? "-"
      pen.fillStyle = styles[letter] ?? palette[LETTERS.indexOf(letter)] ?? ground.no_data
      pen.fill(area.path, "evenodd")
    })
    pen.globalAlpha = 1
    if (lines) { for (const area of shapes.areas) { if (seen(area.box)) { pen.stroke(area.path) } } }
    if (!lines && around) {
      const wider = transform(pen, around, view, density)
      pen.lineWidth = 0.8 * density / wider
      for (const area of around.areas) { pen.stroke(area.path) }
    }
    baseView = {...view}
    compose()
  }

  function draw_tiles(pen, density) {
    const level = Math.max(0, Math.min(18, Math.round(Math.log2(2 * WORLD / 256 / view.scale))))
    const size = 2 * WORLD / 2 ** level, [west, south, east, north] = bounds(view)
    let any = false
    pen.setTransform(density, 0, 0, density, 0, 0)
    for (let i = Math.floor((west + WORLD) / size); i <= (east + WORLD) / size; i++) {
      for (let j = Math.floor((WORLD - north) / size); j <= (WORLD - south) / size; j++) {
        const url = model.tiles.replace("{z}", level).replace("{x}", i).replace("{y}", j)
        if (!tiles.has(url)) {
          const image = new Image()
          image.onload = () => { clearTimeout(later); later = setTimeout(settle, 60) }
          image.onerror = () => { image.broken = true }
          image.src = url
          tiles.set(url, image)
        }
        const image = tiles.get(url)
        if (image.broken || !image.complete || !image.naturalWidth) { continue }
        const [x, y] = to_pixel(i * size - WORLD, WORLD - j * size)
        pen.drawImage(image, x, y, size / view.scale + 0.5, size / view.scale + 0.5)
        any = true
      }
    }
    if (tiles.size > 400) { tiles.clear() }
    return any
  }

  function compose() {
    if (!shapes || !view || !baseView || !base.width || !base.height) { return }
    const density = ratio(), ground = model.ground
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.fillStyle = ground.sea
    context.fillRect(0, 0, canvas.width, canvas.height)
    const [x, y] = to_pixel(baseView.x - baseView.scale * wide / 2, baseView.y + baseView.scale * high / 2)
    const grown = baseView.scale / view.scale
    context.drawImage(base, x * density, y * density, base.width * grown, base.height * grown)
    if (picture) {
      const [west, south, east, north] = picture.bounds
      const [a, b] = to_pixel(west, north), [c, d] = to_pixel(east, south)
      context.setTransform(density, 0, 0, density, 0, 0)
      context.drawImage(picture.image, a, b, c - a, d - b)
    }
    for (const [i, width] of [[hover, 1.6], [chosen, 3]]) {
      if (i < 0 || !shapes.areas[i]) { continue }
      const scale = transform(context, shapes, view, density)
      context.strokeStyle = ground.chosen
      context.lineWidth = width * density / scale
      context.stroke(shapes.areas[i].path)
    }
    context.setTransform(density, 0, 0, density, 0, 0)
    draw_names(ground)
    for (const layer of model.layers) { draw_points(layer) }
    draw_ring(ground)
    canvas.dataset.drawn = shapes.url
  }

  // Names where they fit into their area.
  function draw_names(ground) {
    const names = shapes[model.lang] || []
    if (!model.names || names.length > 2000) { return }
    context.font = "600 12px Sarabun, sans-serif"
    context.textAlign = "center"; context.textBaseline = "middle"; context.lineJoin = "round"
    const taken = [], seen = visible(shapes, view), size = shapes.step / view.scale
    const order = shapes.areas.map((area, i) => i).filter((i) => seen(shapes.areas[i].box))
      .sort((i, j) => shapes.labels[j][2] - shapes.labels[i][2])
    for (const i of order) {
      const [lx, ly, room] = shapes.labels[i]
      if (room * size < 22) { break }
      const text = names[i], half = context.measureText(text).width / 2
      if (half > room * size * 1.15) { continue }
      const [x, y] = to_pixel(shapes.left + lx * shapes.step, shapes.top - ly * shapes.step)
      if (taken.some(([a, b, h]) => Math.abs(a - x) < h + half + 4 && Math.abs(b - y) < 16)) { continue }
      taken.push([x, y, half])
      context.strokeStyle = ground.halo; context.lineWidth = 3
      context.strokeText(text, x, y)
      context.fillStyle = ground.ink
      context.fillText(text, x, y)
    }
  }

  function draw_points(layer) {
    const mark = new Path2D(MARKS[layer.marker] || MARKS.circle)
    context.fillStyle = layer.colour; context.strokeStyle = layer.line
    context.globalAlpha = layer.alpha
    const density = ratio()
    for (let i = 0; i < layer.x.length; i++) {
      const [x, y] = to_pixel(layer.x[i], layer.y[i])
      if (x < -20 || y < -20 || x > wide + 20 || y > high + 20) { continue }
      const size = layer.size
      context.setTransform(density * size, 0, 0, density * size, x * density, y * density)
      context.lineWidth = layer.line_width / size
      context.fill(mark); context.stroke(mark)
    }
    context.globalAlpha = 1
    context.setTransform(density, 0, 0, density, 0, 0)
  }

  function draw_ring(ground) {
    if (model.ring.length !== 2) { return }
    const [x, y] = to_pixel(...model.ring)
    context.beginPath(); context.arc(x, y, 12, 0, 7)
    context.strokeStyle = ground.chosen; context.lineWidth = 3; context.stroke()
  }

  // -- what lies under the pointer ---------------------------------------------------------

  function area_at(px, py) {
    if (!shapes || !view) { return -1 }
    const [x, y] = to_metres(px, py)
    const [a, b] = [(x - shapes.left) / shapes.step, (shapes.top - y) / shapes.step]
    return shapes.areas.findIndex(({path, box}) => a >= box[0] && a <= box[2] && b >= box[1] && b <= box[3]
      && probe.isPointInPath(path, a, b, "evenodd"))
  }

  function point_at(px, py) {
    for (let n = model.layers.length - 1; n >= 0; n--) {
      const layer = model.layers[n], reach = Math.max(layer.size / 2, 5)
      let best = -1, least = reach * reach
      for (let i = 0; i < layer.x.length; i++) {
        const [x, y] = to_pixel(layer.x[i], layer.y[i])
        const d = (x - px) ** 2 + (y - py) ** 2
        if (d <= least) { least = d; best = i }
      }
      if (best >= 0) { return [layer, best] }
    }
    return null
  }

  function words_of(i) {
    const name = (shapes[model.lang] || [])[i] || shapes.codes[i]
    const shown = ((model.paint.words || "").split("\n"))[i] || ""
    return [name, shown && model.paint.title ? `${model.paint.title}: ${shown}` : shown]
  }

  function show_tip(px, py) {
    const hit = point_at(px, py), i = hit ? -1 : area_at(px, py)
    if (i !== hover) { hover = i; soon() }
    tip.hidden = !hit && i < 0
    canvas.style.cursor = !hit && i < 0 ? "grab" : "pointer"
    if (tip.hidden) { return }
    if (hit) {
      tip.innerHTML = hit[0].words[hit[1]] ?? ""
      tip.hidden = !tip.innerHTML
    } else {
      tip.replaceChildren()
      const [name, shown] = words_of(i), head = document.createElement("b"), below = document.createElement("div")
      head.textContent = name; below.textContent = shown
      tip.append(head, below)
    }
    const left = px + 16 + tip.offsetWidth > wide ? px - tip.offsetWidth - 12 : px + 16
    tip.style.transform = `translate(${Math.max(left, 0)}px, ${Math.min(py + 12, high - tip.offsetHeight - 4)}px)`
  }

  // -- what the reader does ----------------------------------------------------------------

  const fingers = new Map()
  let dragged = 0, awake = false, gap = 0
  const where = (event) => {
    const box = canvas.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  canvas.addEventListener("pointerdown", (event) => {
    awake = true
    fingers.set(event.pointerId, where(event))
    dragged = 0; gap = 0
    if (event.pointerType !== "touch") { canvas.setPointerCapture(event.pointerId) }
  })
  canvas.addEventListener("pointermove", (event) => {
    const at = where(event), before = fingers.get(event.pointerId)
    if (!before) { if (event.pointerType !== "touch") { show_tip(...at) } return }
    fingers.set(event.pointerId, at)
    if (!view) { return }
    if (fingers.size === 2) {
      const [[a, b], [c, d]] = [...fingers.values()]
      const now = Math.hypot(a - c, b - d)
      if (gap) { zoom(gap / now, (a + c) / 2, (b + d) / 2) }
      gap = now; dragged = 99
    } else if (event.pointerType !== "touch") {
      dragged += Math.abs(at[0] - before[0]) + Math.abs(at[1] - before[1])
      if (dragged > 4) {
        tip.hidden = true
        move({...view, x: view.x - (at[0] - before[0]) * view.scale, y: view.y + (at[1] - before[1]) * view.scale})
      }
    }
  })
  canvas.addEventListener("pointerup", (event) => {
    const alone = fingers.size === 1
    fingers.delete(event.pointerId)
    if (dragged > 4 || !alone) { return }
    const at = where(event), hit = point_at(...at)
    if (event.pointerType === "touch") { show_tip(...at) }
    if (hit) { model.send_msg({point: [hit[0].name, hit[1]]}); return }
    const i = area_at(...at)
    model.send_msg({chosen: i === chosen ? -1 : i})
  })
  for (const kind of ["pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(kind, (event) => fingers.delete(event.pointerId))
  }
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; awake = false; if (hover >= 0) { hover = -1; soon() } })
  canvas.addEventListener("dblclick", (event) => {
    const i = area_at(...where(event))
    if (i >= 0) { model.send_msg({open: i}) }
  })
  canvas.addEventListener("wheel", (event) => {
    // The page scrolls until the map is meant: after a click on it, or with Ctrl.
    if (!awake && !event.ctrlKey) { return }
    event.preventDefault()
    zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 160), ...where(event))
  }, {passive: false})
  canvas.addEventListener("keydown", (event) => {
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key]
    if (step && view) { move({...view, x: view.x + step[0] * 60 * view.scale, y: view.y + step[1] * 60 * view.scale}) }
    else if (event.key === "+" || event.key === "=") { zoom(0.6) }
    else if (event.key === "-") { zoom(1.7) }
    else if (event.key === "0" && home) { move({...home}) }
    else if (event.key === "Enter" && chosen >= 0) { model.send_msg({open: chosen}) }
    else { return }
    event.preventDefault()
  })
  root.querySelector(".buttons").addEventListener("click", (event) => {
    const what = event.target.closest("button")?.dataset.do
    if (what === "in") { zoom(0.6) } else if (what === "out") { zoom(1.7) } else if (what && home) { move({...home}) }
  })

  // -- what the server says ----------------------------------------------------------------

  function dress() {
    const say = model.labels
    canvas.setAttribute("aria-label", say.map || "")
    root.querySelector('[data-do="in"]').setAttribute("aria-label", say.zoom_in || "+")
    root.querySelector('[data-do="out"]').setAttribute("aria-label", say.zoom_out || "-")
    root.querySelector('[data-do="all"]').setAttribute("aria-label", say.whole || "0")
    root.querySelector(".credit").textContent = model.tiles ? model.credit : ""
  }

  async function load() {
    const url = model.source
    told.textContent = url ? model.labels.loading || "" : ""
    try {
      const [own, near] = await Promise.all([outlines(url), outlines(model.around).catch(() => null)])
      if (url !== model.source) { return }
      shapes = own && {...own, url}
      around = near
      told.textContent = ""
    } catch (error) {
      told.textContent = model.labels.failed || String(error)
      painted()
      return
    }
    chosen = model.chosen; hover = -1
    home = null; view = null
    frame()
    painted()
  }

  // The server sends what stands around the map once its colours are on the screen.
  function painted() {
    const turn = model.paint.turn
    if (turn) { requestAnimationFrame(() => setTimeout(() => model.send_msg({painted: turn}))) }
  }

  function frame() {
    if (!shapes || !wide || !high) { return }
    const fit = fitted(shapes.bounds)
    if (!view || (home && view.scale === home.scale && view.x === home.x && view.y === home.y)) { view = fit }
    home = fit
    settle(); tell()
  }

  function take_picture() {
    if (!model.picture.url) { picture = null; soon(); return }
    const image = new Image(), limits = model.picture.bounds
    image.onload = () => { picture = {image, bounds: limits}; soon() }
    image.src = model.picture.url
  }

  const grown = new ResizeObserver(() => {
    const box = root.getBoundingClientRect(), density = ratio()
    if (box.width < 2 || box.height < 2 || (Math.abs(box.width - wide) < 1 && Math.abs(box.height - high) < 1)) { return }
    wide = box.width; high = box.height
    canvas.width = Math.round(wide * density); canvas.height = Math.round(high * density)
    frame()
  })
  grown.observe(root)
  model.on("source", load)
  model.on("paint", () => {
    settle()
    if (!model.source || (shapes && shapes.url === model.source)) { painted() }
  })
  model.on("ground", settle)
  model.on("layers", soon)
  model.on("ring", soon)
  model.on("picture", take_picture)
  model.on("labels", dress)
  model.on("chosen", () => { chosen = model.chosen; soon() })
  model.on("remove", () => { grown.disconnect(); clearTimeout(later); cancelAnimationFrame(busy) })
  if (document.fonts) { document.fonts.ready.then(soon) }
  dress(); load(); take_picture()
  return root
}
