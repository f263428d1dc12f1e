// The suite's scene: Samples lights in a square, Seed moves the bumps, frame_number the ball.
// Nothing in it is random: POV-Ray's jitter isn't bound to pixels, so that a region of it would differ.
#version 3.7;
#ifndef (Samples) #declare Samples = 16; #end
#ifndef (Seed) #declare Seed = 0; #end
#declare Side = max(1, int(sqrt(Samples)));
global_settings { assumed_gamma 1 }
camera { location <4,4,-6> look_at <0,0.5,0> angle 40 right x*image_width/image_height }
light_source { <3,6,-4> rgb 1 area_light x*2,z*2,Side,Side }
background { rgb <0.2,0.3,0.5> }
plane { y,0 pigment { checker rgb 0.9 rgb 0.2 } normal { bumps 0.3 scale 0.1 translate Seed*x } }
sphere { <sin(frame_number/3),1,0>,1 pigment { rgb <0.8,0.3,0.2> } normal { bumps 0.3 scale 0.1 translate Seed*y } finish { reflection 0.3 } }
