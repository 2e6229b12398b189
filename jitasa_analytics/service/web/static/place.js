// A small map to tap on: the outlines that the server ships, nothing from anywhere else.

(function () {
  const box = document.getElementById("place-map")
  if (!box) { return }
  const canvas = box.querySelector("canvas"), pen = canvas.getContext("2d")
  const lon = document.getElementById("lon"), lat = document.getElementById("lat")
  const lists = ["province", "district", "tambon"].map((n) => document.getElementById(n))
  const told = document.getElementById("map-told"), lang = document.documentElement.lang
  const HALF = 20037508.342789244
  let shapes = null, view = null, loaded = ""

  const east = (degrees) => degrees * HALF / 180
  const north = (degrees) => Math.log(Math.tan((90 + degrees) * Math.PI / 360)) * HALF / Math.PI
  const degreesEast = (x) => x * 180 / HALF
  const degreesNorth = (y) => Math.atan(Math.exp(y * Math.PI / HALF)) * 360 / Math.PI - 90

  function unpack(file) {
    const [west, top, step] = file.grid
    return file.codes.map((code, i) => ({code, name: file[lang][i],
      at: [west + file.labels[i][0] * step, top - file.labels[i][1] * step], room: file.labels[i][2] * step,
      rings: file.rings[i].map((ring) => {
        const line = []
        let x = 0, y = 0
        for (let k = 0; k < ring.length; k += 2) { x += ring[k]; y += ring[k + 1]; line.push([west + x * step, top - y * step]) }
        return line
      })}))
  }

  function inside(rings, x, y) {
    let found = false
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
        const [ax, ay] = ring[i], [bx, by] = ring[j]
        if ((ay > y) !== (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax) { found = !found }
      }
    }
    return found
  }

  const at = (x, y) => (shapes || []).find((s) => inside(s.rings, x, y))

  async function fetched(code) {
    const answer = await fetch(`/people/outlines/${code}`)
    return answer.ok ? answer.json() : null
  }

  async function load(code) {
    if (loaded === code) { return }
    const file = await fetched(code)
    if (!file || !file.codes.length) { box.hidden = true; return }
    loaded = code
    shapes = unpack(file)
    box.hidden = false
    look(file.bounds)
  }

  function look(bounds) {
    canvas.width = canvas.clientWidth * devicePixelRatio
    canvas.height = canvas.clientHeight * devicePixelRatio
    const [w, s, e, n] = bounds
    view = {x: (w + e) / 2, y: (s + n) / 2,
      scale: 0.94 * Math.min(canvas.clientWidth / (e - w), canvas.clientHeight / (n - s))}
    draw()
  }

  const px = (x) => (x - view.x) * view.scale + canvas.clientWidth / 2
  const py = (y) => (view.y - y) * view.scale + canvas.clientHeight / 2

  function draw() {
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    pen.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight)
    const chosen = lists[2].value || lists[1].value
    for (const s of shapes) {
      pen.beginPath()
      for (const ring of s.rings) {
        ring.forEach(([x, y], i) => i ? pen.lineTo(px(x), py(y)) : pen.moveTo(px(x), py(y)))
        pen.closePath()
      }
      pen.fillStyle = chosen && s.code.startsWith(chosen) ? "#cfe3f1" : "#ffffff"
      pen.fill("evenodd")
      pen.strokeStyle = "#7d8d9a"
      pen.lineWidth = 1
      pen.stroke()
    }
    pen.fillStyle = "#1d2b36"
    pen.textAlign = "center"
    pen.font = "13px Sarabun, sans-serif"
    for (const s of shapes) {
      if (pen.measureText(s.name).width < 3.2 * s.room * view.scale) { pen.fillText(s.name, px(s.at[0]), py(s.at[1]) + 4) }
    }
    if (lon.value && lat.value) {
      const x = px(east(+lon.value)), y = py(north(+lat.value))
      pen.beginPath()
      pen.arc(x, y - 13, 8, Math.PI * 0.85, Math.PI * 0.15)
      pen.lineTo(x, y)
      pen.closePath()
      pen.fillStyle = "#a3262a"
      pen.fill()
      pen.strokeStyle = "#ffffff"
      pen.lineWidth = 2
      pen.stroke()
    }
    canvas.dataset.drawn = "yes"
  }

  async function below(list, code) {
    const answer = await fetch(`/people/areas/${code}?lang=${lang}`)
    const rows = answer.ok ? await answer.json() : []
    list.replaceChildren(new Option(list.dataset.first, ""), ...rows.map((r) => new Option(r[1], r[0])))
    list.disabled = rows.length === 0
  }

  // The lists follow the point.
  async function choose(code) {
    for (const [i, digits] of [2, 4, 6].entries()) {
      if (code.length < digits) { break }
      const wanted = code.slice(0, digits)
      if (lists[i].value === wanted) { continue }
      if (![...lists[i].options].some((o) => o.value === wanted)) { await below(lists[i], wanted.slice(0, -2)) }
      lists[i].disabled = false
      lists[i].value = wanted
      if (i < 2) { await below(lists[i + 1], wanted) }
    }
  }

  async function put(x, y) {
    lon.value = degreesEast(x).toFixed(6)
    lat.value = degreesNorth(y).toFixed(6)
    const here = at(x, y)
    if (here) {
      await choose(here.code)
      told.textContent = box.dataset.set.replace("…", here.name)
    } else {
      told.textContent = box.dataset.none
    }
    draw()
  }

  function zoom(times, x, y) {
    view.x = x + (view.x - x) / times
    view.y = y + (view.y - y) / times
    view.scale *= times
    draw()
  }

  let held = null
  canvas.addEventListener("pointerdown", (e) => {
    held = {x: e.offsetX, y: e.offsetY, moved: false}
    canvas.setPointerCapture(e.pointerId)
  })
  canvas.addEventListener("pointermove", (e) => {
    if (!held) { return }
    const dx = e.offsetX - held.x, dy = e.offsetY - held.y
    if (!held.moved && Math.hypot(dx, dy) < 8) { return }
    Object.assign(held, {x: e.offsetX, y: e.offsetY, moved: true})
    view.x -= dx / view.scale
    view.y += dy / view.scale
    draw()
  })
  canvas.addEventListener("pointerup", (e) => {
    const tapped = held && !held.moved
    held = null
    if (tapped) {
      put(view.x + (e.offsetX - canvas.clientWidth / 2) / view.scale,
        view.y - (e.offsetY - canvas.clientHeight / 2) / view.scale)
    }
  })
  canvas.addEventListener("keydown", (e) => {
    const step = 30 / view.scale
    const moves = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step]}
    if (moves[e.key]) { view.x += moves[e.key][0]; view.y += moves[e.key][1]; draw() }
    else if (e.key === "+" || e.key === "=") { zoom(1.6, view.x, view.y) }
    else if (e.key === "-") { zoom(1 / 1.6, view.x, view.y) }
    else if (e.key === "Enter" || e.key === " ") { put(view.x, view.y) }
    else { return }
    e.preventDefault()
  })
  box.querySelector(".tools").addEventListener("click", (e) => {
    const what = e.target.dataset.do
    const x = lon.value ? east(+lon.value) : view.x, y = lat.value ? north(+lat.value) : view.y
    if (what === "in") { zoom(1.6, x, y) }
    if (what === "out") { zoom(1 / 1.6, x, y) }
    if (what === "clear") { lon.value = lat.value = told.textContent = ""; draw() }
  })

  for (const list of lists) {
    list.addEventListener("change", async () => {
      // Another place in the list is meant: a point elsewhere goes.
      if (lon.value && shapes) {
        const here = at(east(+lon.value), north(+lat.value))
        if (!here || !here.code.startsWith(list.value)) { lon.value = lat.value = told.textContent = "" }
      }
      if (lists[0].value) { await load(lists[0].value) } else { box.hidden = true; return }
      const one = shapes.filter((s) => s.code.startsWith(list.value || lists[0].value)).flatMap((s) => s.rings.flat())
      if (one.length) {
        const xs = one.map((p) => p[0]), ys = one.map((p) => p[1])
        look([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)])
      }
    })
  }
  document.addEventListener("jitasa-here", async () => {
    const x = east(+lon.value), y = north(+lat.value)
    loaded = ""
    await load("TH")
    const province = at(x, y)
    if (province) { await load(province.code.slice(0, 2)) }
    if (shapes) { await put(x, y); zoom(4, x, y) }
  })
  if (lists[0].value) { load(lists[0].value) }
})()
