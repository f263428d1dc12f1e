package bench

import "math"

// The scene: nine diffuse and mirror spheres on a big one, under a sky. A picture is 64×48
// pixels of two paths with up to five bounces, the same every time.
const (
	width   = 64
	height  = 48
	paths   = 2
	bounces = 5
)

type vec struct{ x, y, z float64 }

func (a vec) add(b vec) vec           { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) sub(b vec) vec           { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) mul(s float64) vec       { return vec{a.x * s, a.y * s, a.z * s} }
func (a vec) dot(b vec) float64       { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) unit() vec               { return a.mul(1 / math.Sqrt(a.dot(a))) }
func (a vec) tint(b vec) vec          { return vec{a.x * b.x, a.y * b.y, a.z * b.z} }
func (a vec) mirror(normal vec) vec   { return a.sub(normal.mul(2 * a.dot(normal))) }
func (a vec) at(d vec, t float64) vec { return a.add(d.mul(t)) }

type sphere struct {
	centre vec
	radius float64
	colour vec
	mirror bool
}

var scene = func() []sphere {
	spheres := []sphere{{vec{0, -1000, 0}, 1000, vec{0.55, 0.5, 0.45}, false}}
	for i := range 9 {
		x, z := float64(i%3-1)*2.2, float64(i/3)*2.2
		spheres = append(spheres, sphere{
			vec{x, 0.9, z}, 0.9, vec{0.4 + 0.06*float64(i), 0.7 - 0.03*float64(i), 0.6}, i%2 == 0,
		})
	}
	return spheres
}()

// random is xorshift64*: fixed here, so that the picture never changes with the library.
type random uint64

func (r *random) next() float64 {
	x := uint64(*r)
	x ^= x >> 12
	x ^= x << 25
	x ^= x >> 27
	*r = random(x)
	return float64((x*0x2545f4914f6cdd1d)>>11) / (1 << 53)
}

// trace renders the picture once and returns the rays cast and a hash of the pixels.
func trace() (rays int, picture uint64) {
	r := random(0x9e3779b97f4a7c15)
	picture = 14695981039346656037
	eye := vec{0, 2.2, -7}
	for y := range height {
		for x := range width {
			var sum vec
			for range paths {
				direction := vec{
					(float64(x) + r.next() - width/2) / height,
					(height/2-float64(y)-r.next())/height - 0.15,
					1.2,
				}.unit()
				light, n := path(eye, direction, &r)
				sum = sum.add(light)
				rays += n
			}
			for _, c := range [3]float64{sum.x, sum.y, sum.z} {
				picture = (picture ^ uint64(math.Min(255, 255*c/paths))) * 1099511628211
			}
		}
	}
	return rays, picture
}

func path(origin, direction vec, r *random) (light vec, rays int) {
	weight := vec{1, 1, 1}
	for range bounces {
		rays++
		hit, near := -1, math.Inf(1)
		for i := range scene {
			s := &scene[i]
			to := s.centre.sub(origin)
			along := to.dot(direction)
			rest := s.radius*s.radius - (to.dot(to) - along*along)
			if rest <= 0 {
				continue
			}
			half := math.Sqrt(rest)
			for _, t := range [2]float64{along - half, along + half} {
				if t > 1e-4 && t < near {
					hit, near = i, t
				}
			}
		}
		if hit < 0 {
			sky := 0.5 * (direction.y + 1)
			return weight.tint(vec{1 - 0.5*sky, 1 - 0.3*sky, 1}), rays
		}
		s := &scene[hit]
		origin = origin.at(direction, near)
		normal := origin.sub(s.centre).mul(1 / s.radius)
		weight = weight.tint(s.colour)
		if s.mirror {
			direction = direction.mirror(normal).unit()
			continue
		}
		height, turn := 2*r.next()-1, 2*math.Pi*r.next()
		flat := math.Sqrt(1 - height*height)
		direction = normal.add(vec{flat * math.Cos(turn), flat * math.Sin(turn), height}.mul(0.999)).unit()
	}
	return vec{}, rays
}
